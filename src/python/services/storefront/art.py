"""Pictures made from names: a product by its SKU, a seascape by a sale's id; the same every time."""

from dataclasses import dataclass
from hashlib import blake2b
from random import Random

# A SKU reads <category>-<model>-<finish>; what a picture does not know it draws by its digest.
_FINISHES = {
    "NVY": "#27466f",
    "STM": "#71808c",
    "SND": "#dcc08d",
    "KLP": "#56643a",
    "BUO": "#ee6c26",
    "RED": "#c0322f",
    "CHK": "#efe9db",
    "TAR": "#33363b",
    "SEA": "#86bfae",
    "GRS": "#e9b829",
    "HTH": "#83688f",
    "ROP": "#d3b483",
    "BRS": "#c99a3c",
    "COP": "#c0703f",
    "GLV": "#a3adb4",
    "BLK": "#43474d",
    "OAK": "#b98a52",
    "ASH": "#dcc39a",
    "WAL": "#7a5233",
    "SPR": "#e0bd83",
}
# Sky above and sea below, by category.
_SKIES = {
    "JKT": ("#dfe8ee", "#8fb0c6"),
    "KNT": ("#f3e6dc", "#b9a79d"),
    "FTW": ("#e6eee4", "#8fb39f"),
    "BAG": ("#f2ead6", "#b5b48b"),
    "LGT": ("#2f4360", "#1a2b45"),
    "GLY": ("#f7e9d7", "#d9a679"),
    "HOM": ("#efe6ec", "#a994ab"),
    "SWM": ("#dcf0ef", "#5fb0b5"),
    "CMP": ("#e9eed8", "#94a873"),
    "TLS": ("#e8e8e4", "#98a3a6"),
}
_MOTIFS = {
    "JKT": {"": "jacket", "HARBOUR": "smock", "TIDEWTCH": "gilet", "BREAKWTR": "parka", "SPINDRFT": "smock"},
    "KNT": {"": "jumper", "SKERRY": "cardigan", "SHINGLE": "beanie", "FULMAR": "mittens"},
    "FTW": {"": "shoe", "SLIPWAY": "boot", "BOLLARD": "sock", "DUNE": "espadrille"},
    "BAG": {"": "tote", "DRYBAG": "drybag", "KITBAG": "kitbag", "ROLLTOP": "rucksack", "SATCHEL": "satchel"},
    "LGT": {
        "": "lantern",
        "ANCHOR": "anchor_lamp",
        "BULKHEAD": "bulkhead",
        "TAPER": "candlestick",
        "HEADLAMP": "headlamp",
    },
    "GLY": {"": "mug", "FLASK": "flask", "KETTLE": "kettle", "PAN": "pan", "BOARD": "board"},
    "HOM": {"": "blanket", "CUSHION": "cushion", "STOOL": "stool", "MIRROR": "mirror"},
    "SWM": {
        "": "towel",
        "ROBE": "parka",
        "BOARD": "bodyboard",
        "GOGGLES": "goggles",
        "FLOAT": "tow_float",
    },
    "CMP": {"": "tent", "TARP": "tarp", "HAMMOCK": "hammock", "STOVE": "stove", "CHAIR": "deckchair"},
    "TLS": {"": "compass", "KNIFE": "knife", "ROPE": "rope", "GLASS": "monocular", "BUCKET": "bucket"},
}


@dataclass(frozen=True, slots=True)
class Paint:
    """A colour with its shade, its light, and one to draw details in that stands out from it."""

    base: str
    dark: str
    light: str
    detail: str


@dataclass(frozen=True, slots=True)
class ProductPicture:
    """What the template of a product picture draws."""

    motif: str
    paint: Paint
    sky: str
    sea: str
    sun_x: int
    sun_y: int
    is_night: bool
    waves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SalePicture:
    """What the template of a seascape draws; x and y are in a frame of 800 x 360."""

    sky_top: str
    sky_low: str
    sun: str
    sun_x: int
    sun_y: int
    hills: str
    hill_colour: str
    waves: tuple[tuple[str, str], ...]
    tower_x: int
    boats: tuple[tuple[int, int, int], ...]
    birds: tuple[tuple[int, int], ...]


def product_picture(sku: str) -> ProductPicture:
    """The picture of a product."""
    category, _, rest = sku.upper().partition("-")
    model, _, finish = rest.rpartition("-")
    chance = _chance(sku)
    base = _FINISHES.get(finish) or chance.choice(sorted(_FINISHES.values()))
    motifs = _MOTIFS.get(category) or {"": chance.choice(["mug", "tote", "lantern", "rope", "compass"])}
    sky, sea = _SKIES.get(category) or chance.choice(sorted(_SKIES.values()))
    return ProductPicture(
        motif=motifs.get(model, motifs[""]),
        paint=paint(base),
        sky=sky,
        sea=sea,
        sun_x=chance.randrange(70, 330),
        sun_y=chance.randrange(60, 130),
        is_night=_luminance(sky) < 0.4,
        waves=tuple(_wave(chance, 400, y, 10) for y in (292, 326, 362)),
    )


# The sky above and below, the sun, the coast, and the sea from far to near.
_TIMES_OF_DAY = (
    ("#8fc3d8", "#e4f1ee", "#fff7df", "#6e8f83", ("#62a5ad", "#3f8a97", "#2a6d80", "#175268")),
    ("#c96f5a", "#f7c58a", "#fff0c9", "#6d4a5c", ("#96707c", "#6b5b76", "#47486c", "#2a3559")),
    ("#7fb0b5", "#f4e3c4", "#ffe3b0", "#5f7a6c", ("#7aa79d", "#4f8782", "#336a6c", "#1f4f57")),
    ("#f6c58f", "#fbe9d0", "#fff4dc", "#8b6f7c", ("#5f8d9f", "#3f7187", "#2a566f", "#183f59")),
    ("#9fb2c4", "#e9ecec", "#ffffff", "#74838f", ("#8ba0ae", "#677f92", "#4b657b", "#334c63")),
    ("#24365c", "#8e7c9c", "#f7e3bd", "#2c3354", ("#45608a", "#33507b", "#223d66", "#142b4f")),
)


def sale_picture(sale_id: str) -> SalePicture:
    """The seascape of a sale."""
    chance = _chance(f"sale {sale_id}")
    sky_top, sky_low, sun, hill_colour, seas = chance.choice(_TIMES_OF_DAY)
    tower_x = chance.choice((chance.randrange(90, 200), chance.randrange(600, 710)))
    sun_x = chance.randrange(440, 660) if tower_x < 400 else chance.randrange(140, 360)
    return SalePicture(
        sky_top=sky_top,
        sky_low=sky_low,
        sun=sun,
        sun_x=sun_x,
        sun_y=chance.randrange(90, 190),
        hills=_hills(chance),
        hill_colour=hill_colour,
        waves=tuple(
            (_wave(chance, 800, 232 + 32 * place, 6 + 3 * place), sea) for place, sea in enumerate(seas)
        ),
        tower_x=tower_x,
        boats=tuple((chance.randrange(260, 560), 226 + 34 * place, 9 + 7 * place) for place in range(2)),
        birds=tuple((chance.randrange(80, 720), chance.randrange(40, 130)) for _ in range(5)),
    )


def paint(base: str) -> Paint:
    """The colour, its shade, its light, and a contrasting one."""
    detail = mix(base, "#101418", 0.62) if _luminance(base) > 0.45 else mix(base, "#ffffff", 0.68)
    return Paint(base, mix(base, "#0d1a2b", 0.28), mix(base, "#ffffff", 0.26), detail)


def mix(colour: str, other: str, share: float) -> str:
    """`share` (0 to 1) of the other colour in this one; both are #rrggbb."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def _luminance(colour: str) -> float:
    red, green, blue = _channels(colour)
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _chance(name: str) -> Random:
    return Random(blake2b(name.encode("utf-8", "replace"), digest_size=8).digest())


def _wave(chance: Random, width: int, y: int, height: int) -> str:
    """A closed path: a swell at `y`, down to the bottom of the frame."""
    length = chance.randrange(width // 7, width // 5)
    start = -chance.randrange(length)
    path = f"M{start} {y}q{length // 2} {-height} {length} 0"
    return path + f"t{length} 0" * (width // length + 2) + f"V400H{start}z"


def _hills(chance: Random) -> str:
    """A far coast that rises to one side."""
    heights = [(x, 214 - chance.randrange(44) - (26 if x < 240 or x > 560 else 0)) for x in range(0, 801, 80)]
    return f"M0 250L{' '.join(f'{x} {y}' for x, y in heights)}L800 250z"
