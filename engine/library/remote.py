"""An index on another machine: one Qdrant collection, which several machines may share.

A point is one vector of one model of one content. Its id is made of those, so that a file which two machines own, or
one owns twice, is one point, whoever comes first; a sound whose content is not known yet has a point of its own. In
its payload each catalog keeps, under its own identity, the labels by which it knows the point:

    {"fingerprint": "...", "labels": {"<identity of a catalog>": [17, 4203], "<of another>": [8]}}

A catalog writes under no other name and never deletes a point, so that machines need not wait for each other. What a
library finds are sounds of its own catalog. Labels that a catalog gave up stay in the payload, and are left out of its
answers.
"""

from __future__ import annotations

import os
import uuid
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import numpy as np

from engine.errors import LibraryError
from engine.jobs import CancelToken
from engine.library.catalog import Catalog
from engine.library.database import Database
from engine.library.index import VectorIndex
from engine.library.live import EmbeddingRows, Live
from engine.library.vectors import unit

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

SCHEME = "qdrant"
_DEFAULT_PORT = 6333
_EMBEDDED_COLLECTION = "earshot"
_LEAST_VERSION = (1, 17)
"""The first server that can insert a point without overwriting one."""

_POINTS_PER_REQUEST = 500
_SECONDS_PER_REQUEST = 60
_FEW = 2_000
"""So many points are named in one request; where more are allowed the server's graph is asked first."""

_MOST_FETCHED = 20_000

_MARGIN = 1.5
_MORE = 4
_NAMESPACE = uuid.UUID("6f9a3c1e-6a0b-4a55-9d0e-7f4f5e3f2b11")


class RemoteKeeper:
    """Keeps a library's vectors in a collection; takes the place of `LocalKeeper`."""

    def __init__(self, client: QdrantClient, collection: str, catalog: Catalog, *, address: str) -> None:
        """`address`: what messages call it."""
        self._client = client
        self._collection = collection
        self._catalog = catalog
        self._address = address
        self._points = np.zeros(0, "V16")
        self._fingerprint = ""
        self._dimension = 0
        self._last_sound = (0, 0)

    @classmethod
    def open(cls, address: str, catalog: Catalog) -> RemoteKeeper:
        """Connect to `qdrant://host:port/collection`, or open the folder `qdrant:///path/to/folder` in this process.

        A server that asks for a key gets that in the environment variable QDRANT_API_KEY.

        Raises
        ------
        LibraryError : the address is no such one, qdrant-client is not installed, or nobody answers there.
        """
        no_index = LibraryError(
            f"{address} is no index. Write {SCHEME}://host:port/collection, or {SCHEME}:///path/to/folder."
        )
        try:
            parts = urlsplit(address)
            port = parts.port or _DEFAULT_PORT
        except ValueError as error:  # such as a port that is no number, or above 65535
            raise no_index from error
        collection = parts.path.strip("/")
        if parts.scheme != SCHEME or (parts.hostname and not collection) or not (parts.hostname or collection):
            raise no_index
        try:
            from qdrant_client import QdrantClient
        except ImportError as error:
            raise LibraryError(
                f"The index {address} needs qdrant-client, which is not installed: pip install 'earshot[shared]'"
            ) from error
        with _in_words(address):
            if parts.hostname:
                client = QdrantClient(
                    host=parts.hostname,
                    port=port,
                    api_key=os.environ.get("QDRANT_API_KEY"),
                    timeout=_SECONDS_PER_REQUEST,
                    check_compatibility=False,
                )
                _require_version(address, client.info().version)
            else:
                client = QdrantClient(path=unquote(parts.path), force_disable_check_same_thread=True)
                collection = _EMBEDDED_COLLECTION
        return cls(client, collection, catalog, address=address)

    def begin(self) -> None:
        self._points = np.zeros(0, "V16")
        self._last_sound = (0, 0)

    def take(self, embeddings: EmbeddingRows) -> None:
        """Send what the collection has not got yet. Raises LibraryError."""
        with _in_words(self._address):
            if embeddings.half.shape[1] != self._dimension:
                self._prepare(embeddings.half.shape[1])
            for start in range(0, len(embeddings.labels), _POINTS_PER_REQUEST):
                self._send(embeddings, slice(start, start + _POINTS_PER_REQUEST))

    def index(self, live: Live) -> VectorIndex:
        return RemoteIndex(self._client, self._collection, self._catalog.identity, live, self._points, self._address)

    def tend(self, live: Live, cancel: CancelToken) -> bool:
        return False  # the server sees to its graph itself

    def done(self, live: Live) -> int:
        return len(self._points)

    def save(self, live: Live) -> None:
        pass

    def close(self) -> None:
        self._client.close()

    def _prepare(self, dimension: int) -> None:
        """Make the collection, or see that it is fit for vectors of this dimension."""
        from qdrant_client import models

        client, collection = self._client, self._collection
        if not client.collection_exists(collection):
            try:
                client.create_collection(
                    collection,
                    vectors_config=models.VectorParams(
                        size=dimension, distance=models.Distance.COSINE, datatype=models.Datatype.FLOAT16
                    ),
                )
            except Exception:
                if not client.collection_exists(collection):  # else another machine was faster
                    raise
        vectors = client.get_collection(collection).config.params.vectors
        if not isinstance(vectors, models.VectorParams) or vectors.distance != models.Distance.COSINE:
            raise LibraryError(f"The collection of {self._address} is not one of Earshot's. Choose another name.")
        if vectors.size != dimension:
            raise LibraryError(
                f"The collection of {self._address} holds vectors of {vectors.size} dimensions, this model makes "
                f"{dimension}. Choose another name for the collection."
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the embedded form has no such indexes, and says so
            client.create_payload_index(collection, "fingerprint", models.PayloadSchemaType.KEYWORD)
            client.create_payload_index(collection, self._own_field, models.PayloadSchemaType.INTEGER)
        self._dimension = dimension

    @property
    def _own_field(self) -> str:
        return f"labels.{self._catalog.identity}"

    def _send(self, embeddings: EmbeddingRows, part: slice) -> None:
        from qdrant_client import models

        labels, half = embeddings.labels[part].tolist(), embeddings.half[part]
        ids = self._ids(embeddings.fingerprint, labels, embeddings.sound_ids[part].tolist())
        self._points = np.concatenate([self._points, np.array([point.bytes for point in ids], "V16")])
        names = [str(point) for point in ids]
        found = self._client.retrieve(self._collection, list(dict.fromkeys(names)), with_payload=[self._own_field])
        known = {str(point.id): set(_labels(point, self._catalog.identity)) for point in found}
        points = [
            models.PointStruct(
                id=name,
                vector=half[row].astype(np.float32).tolist(),
                payload={"fingerprint": embeddings.fingerprint},
            )
            for name, row in {name: row for row, name in enumerate(names) if name not in known}.items()
        ]
        if points:
            # Another machine may have sent one since; what it wrote must stay.
            self._client.upsert(self._collection, points, update_mode=models.UpdateMode.INSERT_ONLY)
        changed: dict[str, set[int]] = {}
        for name, label in zip(names, labels, strict=True):
            if label not in known.setdefault(name, set()):
                known[name].add(label)
                changed[name] = known[name]
        if changed:
            self._client.batch_update_points(
                self._collection,
                [
                    models.SetPayloadOperation(
                        set_payload=models.SetPayload(
                            payload={self._catalog.identity: sorted(theirs)}, points=[name], key="labels"
                        )
                    )
                    for name, theirs in changed.items()
                ],
            )

    def _ids(self, fingerprint: str, labels: Sequence[int], sound_ids: Sequence[int]) -> list[uuid.UUID]:
        """The ids of the points of some labels: the same on every machine where the content is known."""
        contents = _contents(self._catalog.database, sound_ids)
        ids = []
        for label, sound_id in zip(labels, sound_ids, strict=True):
            content = contents.get(sound_id)
            if content is None:
                name = f"{fingerprint} {self._catalog.identity} {label}"
            else:
                # The vectors of a sound come one after the other.
                last, number = self._last_sound
                self._last_sound = (sound_id, number + 1 if sound_id == last else 0)
                name = f"{fingerprint} {content} {self._last_sound[1]}"
            ids.append(uuid.uuid5(_NAMESPACE, name))
        return ids


class RemoteIndex:
    """The rows of a catalog in the collection."""

    def __init__(
        self, client: QdrantClient, collection: str, catalog: str, live: Live, points: np.ndarray, address: str
    ) -> None:
        """`catalog`: its identity; `points`: V16 [rows], the id of each row's point."""
        self._client = client
        self._collection = collection
        self._catalog = catalog
        self._live = live
        self._points = points
        self._address = address

    def __len__(self) -> int:
        return len(self._live.labels)

    def search(self, vectors: np.ndarray, top: int, allowed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """As `VectorIndex.search`; fewer only where the collection has lost points. Raises LibraryError."""
        count = len(self) if allowed is None else int(np.count_nonzero(allowed))
        wanted = min(top, count)
        if wanted < 1:
            return np.zeros((len(vectors), 0), np.int64), np.zeros((len(vectors), 0), np.float32)
        fetched = wanted if count == len(self) else int(_MARGIN * wanted * len(self) / count) + 1
        with _in_words(self._address):
            while count > _FEW and fetched <= _MOST_FETCHED:
                rows, similarities = self._kept(self._ask(vectors, fetched), wanted, allowed)
                if rows.shape[1] == wanted:
                    return rows, similarities
                fetched *= _MORE
            # So rare a filter leaves few to name.
            chosen = np.arange(len(self)) if allowed is None else np.flatnonzero(allowed)
            found: list[list[Any]] = [[] for _ in vectors]
            for start in range(0, count, _FEW):
                for points, more in zip(found, self._ask(vectors, wanted, chosen[start : start + _FEW]), strict=True):
                    points.extend(more)
        for points in found:
            points.sort(key=lambda point: -point.score)
        return self._kept(found, wanted, allowed)

    def _ask(self, vectors: np.ndarray, limit: int, rows: np.ndarray | None = None) -> list[list[Any]]:
        """For each vector its nearest points, best first: among those of some rows, or of all of this catalog."""
        from qdrant_client import models

        condition: Any
        if rows is None:
            condition = models.FieldCondition(key=f"labels.{self._catalog}", range=models.Range(gte=0))
        else:
            names = {str(uuid.UUID(bytes=self._points[row].tobytes())) for row in rows.tolist()}
            condition = models.HasIdCondition(has_id=sorted(names))
        of_model = models.FieldCondition(key="fingerprint", match=models.MatchValue(value=self._live.fingerprint))
        requests = [
            models.QueryRequest(
                query=vector.tolist(),
                limit=limit,
                filter=models.Filter(must=[of_model, condition]),
                with_payload=[f"labels.{self._catalog}"],
            )
            for vector in unit(vectors)
        ]
        return [list(response.points) for response in self._client.query_batch_points(self._collection, requests)]

    def _kept(self, found: list[list[Any]], wanted: int, allowed: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """For each vector the first `wanted` rows that are alive and allowed; fewer where one has fewer."""
        rows, similarities = [], []
        for points in found:
            labels = [(label, point.score) for point in points for label in _labels(point, self._catalog)]
            numbers = np.array([label for label, _ in labels], np.int64)
            scores = np.array([score for _, score in labels], np.float32)
            places = np.minimum(np.searchsorted(self._live.labels, numbers), len(self) - 1)
            kept = self._live.labels[places] == numbers
            if allowed is not None:
                kept &= allowed[places]
            rows.append(places[kept][:wanted])
            similarities.append(scores[kept][:wanted])
        shortest = min(map(len, rows))
        return np.stack([row[:shortest] for row in rows]), np.stack([row[:shortest] for row in similarities])


def _labels(point: Any, catalog: str) -> list[int]:
    """The labels by which a catalog knows a point."""
    labels: list[int] = ((point.payload or {}).get("labels") or {}).get(catalog) or []
    return labels


def _contents(database: Database, sound_ids: Sequence[int]) -> dict[int, str]:
    """What tells the sounds from all that hold something else, by id: digest of the file, and the preset in it."""
    places = ", ".join("?" * len(sound_ids))
    query = f"SELECT id, content, preset FROM sounds WHERE content IS NOT NULL AND id IN ({places})"
    with database.read() as connection:
        rows = connection.execute(query, sound_ids).fetchall()
    return {sound_id: f"{content.hex()} {preset}" for sound_id, content, preset in rows}


def _require_version(address: str, version: str) -> None:
    numbers = tuple(int(number) for number in version.split(".")[:2] if number.isdigit())
    if numbers < _LEAST_VERSION:
        least = ".".join(map(str, _LEAST_VERSION))
        raise LibraryError(f"The Qdrant server of {address} is too old ({version}). Update it to {least} or newer.")


@contextmanager
def _in_words(address: str) -> Iterator[None]:
    """Failures of the server, the network or the folder as LibraryError."""
    from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

    try:
        yield
    except UnexpectedResponse as error:
        raise LibraryError(
            f"The index {address} refused ({error.status_code} {error.reason_phrase}). See the server's log, and "
            "whether it asks for a key (QDRANT_API_KEY)."
        ) from error
    except (ApiException, OSError) as error:
        raise LibraryError(
            f"The index {address} does not answer ({error}). See whether the server runs and can be reached."
        ) from error
    except RuntimeError as error:  # of the embedded form: another process has the folder
        raise LibraryError(
            f"The index {address} is in use by another Earshot. Close it, or start a Qdrant server for both."
        ) from error
