"""Sign up, sign in, sign out."""

from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

from services.storefront.errors import ApiProblem, SignInNeeded
from services.storefront.forms import local_path, read_form
from services.storefront.keys import API
from services.storefront.page_errors import see_other
from services.storefront.rendering import page
from services.storefront.session import SESSION, sign_out

routes = web.RouteTableDef()
# What the API says of a field is for programs; this is for people.
_RULES = {
    "name": "Please give a name of at most 80 characters.",
    "email": "This does not look like an e-mail address.",
    "password": "A password has 8 to 128 characters.",
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a form; `field` is the input it is about, or empty for the whole form."""

    field: str
    text: str


@routes.get("/sign-in")
async def sign_in_page(request: web.Request) -> web.Response:
    """The sign-in form."""
    return _form(request, "sign_in.html", {"next": request.query.get("next", "")})


@routes.post("/sign-in")
async def sign_in(request: web.Request) -> web.Response:
    """Starts a session and goes on to where the customer came from."""
    fields = await read_form(request)
    try:
        tokens = await request.app[API].sign_in(fields.get("email", ""), fields.get("password", ""))
    except SignInNeeded:
        complaint = Complaint("", "This e-mail address and password do not go together.")
        return _form(request, "sign_in.html", fields, complaint, status=401)
    except ApiProblem as problem:
        return _form(request, "sign_in.html", fields, _complaint(problem), status=problem.status)
    request[SESSION].start(tokens)
    return see_other(local_path(fields.get("next")))


@routes.get("/sign-up")
async def sign_up_page(request: web.Request) -> web.Response:
    """The sign-up form."""
    return _form(request, "sign_up.html", {"next": request.query.get("next", "")})


@routes.post("/sign-up")
async def sign_up(request: web.Request) -> web.Response:
    """Makes a customer, who is signed in at once."""
    api, fields = request.app[API], await read_form(request)
    email, password = fields.get("email", "").strip(), fields.get("password", "")
    try:
        await api.sign_up(email, password, fields.get("name", "").strip())
    except ApiProblem as problem:
        return _form(request, "sign_up.html", fields, _complaint(problem), status=problem.status)
    next_path = local_path(fields.get("next"))
    try:
        request[SESSION].start(await api.sign_in(email, password))
    except ApiProblem:
        return see_other(f"/sign-in?next={quote(next_path, safe='')}")
    return see_other(next_path)


@routes.post("/sign-out")
async def sign_out_page(request: web.Request) -> web.Response:
    """Ends the session."""
    await read_form(request)
    await sign_out(request[SESSION], request.app[API])
    return see_other("/")


def _complaint(problem: ApiProblem) -> Complaint:
    if problem.type == "email-taken":
        return Complaint("email", "There is an account with this e-mail address already. Sign in instead?")
    if problem.status == 429:
        return Complaint("", "Too many attempts. Please wait a moment.")
    if problem.field in _RULES:
        return Complaint(problem.field, _RULES[problem.field])
    return Complaint("", problem.detail or problem.title or "Please check what you have entered.")


def _form(
    request: web.Request,
    template: str,
    fields: dict[str, str],
    complaint: Complaint | None = None,
    *,
    status: int = 200,
) -> web.Response:
    shown = {name: fields.get(name, "") for name in ("name", "email")}
    next_path = local_path(fields.get("next"))
    return page(request, template, status=status, fields=shown, next=next_path, complaint=complaint)
