"""Notification services, by Apprise (github.com/caronc/apprise): mail, chats, SMS gateways.

A channel is a template of an Apprise URL, which holds its secrets: nothing of it is ever
logged, stored or shown. Of what went wrong Apprise says no more than that something did,
so every failure of a service is temporary, until the dispatcher's patience ends.

Each send has a thread of its own, and a channel has a bound of them. (Apprise's
`async_notify` shares one small pool among all services: one that hangs stops all.) A thread
cannot be ended: one that hangs is left behind and counts until it ends, and never delays
the end of the process.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import re
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Thread
from typing import Final
from urllib.parse import quote

import apprise
from apprise import AppriseAsset, NotifyBase, NotifyFormat

from alerting.channels import TransportError, UnreachablePersonError
from alerting.channels.destinations import Network, guarded
from domain.alerts import Delivery
from domain.contacts import ADDRESS
from domain.errors import SettingsError

MAIL: Final = frozenset({"mailto", "mailtos"})
HTTP: Final = frozenset({"json", "jsons"})
CHATS: Final = frozenset(
    {
        *("dingtalk", "feishu", "lark"),
        *("wecombot", "wechat"),  # WeCom: a group's robot, an application
        *("ntfy", "ntfys", "signal", "signals", "slack", "tgram"),
        *("workflow", "workflows"),  # Microsoft Teams
    }
)
SMS: Final = frozenset(
    {
        *(
            "46elks",
            "atalk",
            "bulksms",
            "bulkvs",
            "burstsms",
            "clickatell",
            "clicksend",
        ),
        *("cm", "d7sms", "eight00com", "elks", "exotel", "freemobile", "httpsms"),
        *("infobip", "kaleyra", "kavenegar", "klr", "kudosity", "mobilemessage"),
        *("mobilemsg", "msg91", "msgbird", "nexmo", "octopush", "plivo", "ringc"),
        *("serwersms", "seven", "sinch", "smsc", "smseagle", "smseagles", "smsmanager"),
        *("smsmgr", "smstunnel", "sns", "telesign", "telnyx", "twilio", "voipms"),
        "vonage",
    }
)
SCHEMES: Final = MAIL | HTTP | CHATS | SMS
"""What a channel may be. None of them runs a program, writes a file or talks to this machine."""
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
RESERVED: Final = frozenset({"log", "webhook"})
WHO, WHICH = "{address}", "{id}"
SAMPLES: Final = ("somebody@example.com", "+8613800000000", "13800000000", "somebody")
"""Addresses of which a service takes one, whatever it is."""
HOSTS: Final = {
    "mailto": "smtp_host",
    "mailtos": "smtp_host",
    "json": "host",
    "jsons": "host",
    "signal": "host",
    "signals": "host",
}
"""Where a URL names the host that is connected to: the attribute of the service."""
TIMEOUT: Final = 12.0
"""Real seconds for the whole exchange."""
THREADS: Final = 8
"""Sends of one channel that may be under way or hang."""
ASSET: Final = AppriseAsset(
    app_id="BlackBox",
    app_desc="黑匣子",
    http_redirects=False,
    storage_mode="memory",
    pgp_autogen=False,
    pem_autogen=False,
)

# Apprise logs URLs, and urllib3 the paths of requests, which hold tokens.
logging.getLogger("apprise").disabled = True
logging.getLogger("urllib3").setLevel(logging.WARNING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """An Apprise URL in which `{address}` and `{id}` stand for a delivery's."""

    name: str
    """Of the channel."""
    url: str = field(repr=False)

    def __post_init__(self) -> None:
        """Raise SettingsError, which names the channel and shows nothing of the URL."""
        if not NAME.fullmatch(self.name) or self.name in RESERVED:
            raise SettingsError(
                zh=(
                    f"渠道 {self.name!r}：名称为 1–32 个 a-z、0-9 或 _，以字母开头，"
                    f"且不得为 {', '.join(sorted(RESERVED))}。"
                ),
                en=(
                    f"channel {self.name!r}: a name is 1 to 32 of a-z, 0-9 and _, a letter"
                    f" first, and none of {', '.join(sorted(RESERVED))}."
                ),
            )
        if self.scheme not in SCHEMES:
            known = ", ".join(sorted(SCHEMES))
            raise self._wrong(
                zh=f"不支持此类地址；支持：{known}。",
                en=f"its kind of address is not allowed; allowed are {known}.",
            )
        if re.search(r"[{}]", self.url.replace(WHO, "").replace(WHICH, "")):
            raise self._wrong(
                zh="花括号内只能是 {address} 或 {id}；其他花括号请写成 %7B 和 %7D。",
                en="only {address} and {id} stand in braces; write others as %7B and %7D.",
            )
        if self.sample() is None:
            raise self._wrong(
                zh="Apprise 无法识别其地址。",
                en="Apprise cannot make a service of its address.",
            )

    @property
    def scheme(self) -> str:
        """What stands before `://`."""
        return self.url.partition("://")[0].lower() if "://" in self.url else ""

    @property
    def personal(self) -> bool:
        """Whether a recipient needs an address; otherwise the channel is one place for all."""
        return WHO in self.url

    @property
    def host(self) -> str | None:
        """The host that its URL says is connected to; None: the service's own."""
        attribute = HOSTS.get(self.scheme)
        return attribute and getattr(self.sample(), attribute, None)

    def sample(self) -> NotifyBase | None:
        """The service as it is for anybody."""
        made = (self.service(address, "0-0") for address in SAMPLES)
        return next((service for service in made if service is not None), None)

    def service(self, address: str, id_: str) -> NotifyBase | None:
        """The service for one delivery; None: it does not take such an address."""
        if self.personal and not ADDRESS.fullmatch(address):
            return None
        url = self.url.replace(WHO, quote(address, safe=""))
        url = url.replace(WHICH, quote(id_, safe=""))
        service = apprise.Apprise.instantiate(url, asset=ASSET)
        if not isinstance(service, NotifyBase):
            return None
        if self.personal and not getattr(service, "targets", True):
            return None
        service.redirects = False  # whatever the URL says
        return service

    def _wrong(self, *, zh: str, en: str) -> SettingsError:
        return SettingsError(
            zh=f"渠道 {self.name}：{zh}", en=f"channel {self.name}: {en}"
        )


class Apprise:
    """Tells each recipient in their own language, at their own address."""

    def __init__(
        self,
        template: Template,
        *,
        allowed: Collection[Network] = (),
        timeout: float = TIMEOUT,
        threads: int = THREADS,
    ) -> None:
        """Send by `template`, in at most `timeout` real seconds and so many `threads`.

        `allowed` are networks inside the machine or around it that it may connect to.
        """
        self._template = template
        self._allowed = allowed
        self._timeout = timeout
        self._free = asyncio.Semaphore(threads)

    async def send(self, delivery: Delivery) -> None:
        """Return once the service has taken it. Raises TransportError."""
        service = self._service(delivery)
        title, body = told(delivery)
        notify = partial(
            service.notify, title=title, body=body, body_format=NotifyFormat.TEXT
        )
        with guarded(self._allowed) as guard:
            try:
                async with asyncio.timeout(self._timeout):
                    await self._free.acquire()
                    accepted = await apart(notify, self._free.release)
            except TimeoutError:
                problem = f"no end in {self._timeout:g} s"
            except Exception as error:  # a plugin's; its message may hold secrets  # noqa: BLE001
                problem = f"Apprise failed: {type(error).__name__}"
            else:
                if accepted:
                    return
                problem = "the service did not take it (Apprise does not say why)"
            raise guard.explained(TransportError(problem, permanent=False)) from None

    def _service(self, delivery: Delivery) -> NotifyBase:
        if self._template.personal and delivery.address is None:
            raise UnreachablePersonError(
                f"{delivery.recipient} has no contact on channel {delivery.channel}:"
                f" blackbox contacts set {delivery.recipient} {delivery.channel} ADDRESS"
            )
        service = self._template.service(delivery.address or "", delivery.id)
        if service is None:
            raise UnreachablePersonError(
                f"the contact of {delivery.recipient} on channel {delivery.channel}"
                " is no address that it takes"
            )
        return service


def told(delivery: Delivery) -> tuple[str, str]:
    """Title and body, in the recipient's language. Raises TransportError where there is none."""
    try:
        title, _, body = delivery.body["text"][delivery.language].partition("\n")
    except (KeyError, TypeError, AttributeError):
        raise TransportError(
            f"there is no text in language {delivery.language!r}", permanent=True
        ) from None
    return title, body or title


async def apart(work: Callable[[], bool], ended: Callable[[], None]) -> bool:
    """What `work` returns or raises, from a thread of its own; `ended`, whenever that ends.

    Who is cancelled leaves the thread behind.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[bool] = loop.create_future()
    context = contextvars.copy_context()

    def settle(say: Callable[[], None]) -> None:
        ended()
        if not outcome.done():
            say()

    def run() -> None:
        try:
            say = partial(outcome.set_result, context.run(work))
        except Exception as error:  # told to who waits  # noqa: BLE001
            say = partial(outcome.set_exception, error)
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, say)

    Thread(target=run, name="notify", daemon=True).start()
    return await outcome
