"""The second factor as it is asked for: at the sign-in, and to confirm that it is you."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wizard.models import Operator
from wizard.services import second_factors
from wizard.web import passkeys, throttle

# Wrong codes of one person from all addresses together: a code has only six digits, and who guesses them knows the password.
_GUESSES_EVERYWHERE: Final = 20


class CodeForm(forms.Form):
    use_required_attribute = False
    code = forms.CharField(
        label=_("Code"),
        help_text=_("The six digits that your authenticator app shows now, or one of your recovery codes."),
        max_length=20,
        widget=forms.TextInput(
            {
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "autofocus": True,
                "spellcheck": "false",
            }
        ),
    )


class KeyForm(forms.Form):
    """Filled by the script, with what the browser got from the passkey."""

    credential = forms.JSONField(label=_("Passkey"), widget=forms.HiddenInput)


class SecondStep:
    """What one request asks and answers. `form` shows what was wrong; `request_options` is for the browser's passkeys."""

    def __init__(self, request: HttpRequest, person: Operator, *, autofocus: bool = True) -> None:
        self.request, self.person = request, person
        self.kinds = second_factors.kinds_of(person)
        self.with_key = second_factors.KEY in self.kinds
        self.form: forms.Form = CodeForm()
        if not autofocus:
            self.form.fields["code"].widget.attrs.pop("autofocus")

    def proved(self) -> bool:
        """Whether the request carries a right answer; a wrong one is counted, and said in `form`."""
        if self.request.method != "POST" or not self.kinds:
            return False
        if "credential" in self.request.POST:
            return self._by_key()
        self.form = CodeForm(self.request.POST)
        if not self.form.is_valid():
            return False
        if second_factors.code_is_right(self.person, self.form.cleaned_data["code"]):
            throttle.right(self.request, name_of(self.person))
            return True
        return self._refuse(
            self.form, "code", gettext("This code is wrong, or was used already. Enter the newest one.")
        )

    def request_options(self) -> dict[str, Any]:
        return passkeys.begin_authentication(self.person)

    def _by_key(self) -> bool:
        given = KeyForm(self.request.POST)
        if given.is_valid() and passkeys.is_right(self.person, given.cleaned_data["credential"]):
            throttle.right(self.request, name_of(self.person))
            return True
        self.form = CodeForm({"code": ""})
        self.form.errors.clear()
        return self._refuse(
            self.form, None, gettext("The passkey was not accepted. Try again, or enter a code.")
        )

    def _refuse(self, form: forms.Form, field: str | None, text: str) -> bool:
        throttle.wrong(self.request, name_of(self.person))
        form.add_error(field, text)
        return False


def closed(request: HttpRequest, person: Operator) -> HttpResponse | None:
    """The answer for who has guessed too often; None while the door is open.

    A passkey cannot be guessed: whoever guesses codes elsewhere does not keep out who has one.
    """
    guessable = request.method == "POST" and "credential" not in request.POST
    keyed = not guessable and second_factors.KEY in second_factors.kinds_of(person)
    return throttle.closed(request, name_of(person), everywhere=None if keyed else _GUESSES_EVERYWHERE)


def name_of(person: Operator) -> str:
    """The name under which wrong codes are counted: apart from passwords, which anybody can try.

    Its end is known to this installation alone: whoever typed the whole of it as a user name would close the second step of
    somebody whose password they do not know.
    """
    mark = salted_hmac(__name__, str(person.pk), algorithm="sha256").hexdigest()[:32]
    return f"{person.get_username()} (code {mark})"
