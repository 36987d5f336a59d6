"""The features of the `delays` service: their names, kinds and meaning.

Everything here is known before departure. Month and day of the month are left out on purpose: with one
year of data a model that knows the month learns that year's calendar, not lateness. No feature is
computed at serving time, so the request carries exactly these values.
"""

from model.contract import Feature

LATE_MINUTES = 15
"""A flight is late when it arrives this many minutes after its schedule, or more."""


def _category(name: str, description: str, example: str) -> Feature:
    return Feature(name, "category", False, description, example)


def _number(name: str, description: str, example: float, nullable: bool = False) -> Feature:
    return Feature(name, "number", nullable, description, example)


FEATURES: tuple[Feature, ...] = (
    # The examples are of one flight: New York to Chicago on a Thursday in August.
    _category("carrier", "two-letter airline code", "UA"),
    _category("origin", "departure airport (IATA)", "LGA"),
    _category("dest", "arrival airport (IATA)", "ORD"),
    _number("weekday", "day of the week of departure, Monday is 0", 3),
    _number("dep_minute", "scheduled departure, local minute of the day", 600),
    _number("arr_minute", "scheduled arrival, local minute of the day", 693),
    _number("distance", "miles between the airports", 733),
    _number("temp", "temperature at the origin one hour before departure, °F", 75.92, nullable=True),
    _number("dewp", "dew point, °F, one hour before", 64.94, nullable=True),
    _number("humid", "relative humidity, %, one hour before", 68.78, nullable=True),
    _number("wind_dir", "wind direction, degrees, one hour before", 180, nullable=True),
    _number("wind_speed", "wind speed, mph, one hour before", 10.35702, nullable=True),
    _number(
        "wind_gust", "gust speed, mph, one hour before; missing when there were none", 18.41248, nullable=True
    ),
    _number("precip", "precipitation, inches, one hour before", 0, nullable=True),
    _number("pressure", "sea-level pressure, mbar, one hour before", 1014.3, nullable=True),
    _number("visib", "visibility, miles, one hour before", 10, nullable=True),
    _number("plane_age", "years since the aircraft was built", 13, nullable=True),
    _number("seats", "seats of the aircraft", 179, nullable=True),
)
CATEGORIES = tuple(f.name for f in FEATURES if f.kind == "category")
NUMBERS = tuple(f.name for f in FEATURES if f.kind == "number")
NAMES = tuple(f.name for f in FEATURES)
