"""Known packs into the models folder: downloaded or copied, checked, and put in place as a whole."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from workers.errors import ArchiveError, DownloadError, PackNotFoundError, WeightsError
from workers.models.build import file_sha256
from workers.models.catalogue import KnownPack, SourceFile
from workers.models.download import PATIENCE, Patience, download
from workers.models.model_file import check_onnx_file, is_zip
from workers.models.pack_archive import extract_pack
from workers.models.pack_store import PackStore
from workers.models.part_file import PartFile
from workers.models.web_address import check_address, shown_url

Tell = Callable[[str, int, int], None]
"""Told of a file's name, of its bytes that are there, and of all its bytes (0 while nobody knows)."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """A known pack whose files were put together.

    Attributes:
        sources: Where each file came from: an address without secrets, or a path.
        unpublished: Names of files that nobody publishes a checksum of.
    """

    sources: tuple[str, ...]
    unpublished: tuple[str, ...]


class PackPull:
    """Gets the files of a known pack.

    Args:
        pack: The pack, which can be pulled.
        store: The models folder.
        source: A mirror instead: address of a file, or of a folder of files (with a `/` at its end); or a
            path of a zip file, or of a folder with the files. None for the addresses of the catalogue.
        tell: Is told how far it is.
        patience: How long is waited for servers.
    """

    def __init__(
        self,
        pack: KnownPack,
        store: PackStore,
        source: str | None = None,
        *,
        tell: Tell | None = None,
        patience: Patience = PATIENCE,
    ) -> None:
        self._pack, self._store, self._source = pack, store, source
        self._tell = tell or (lambda _name, _done, _total: None)
        self._patience = patience
        self._from: list[str] = []

    def into(self, folder: Path) -> Pulled:
        """Put the files of the pack into an empty folder.

        Raises:
            DownloadError: If a file can't be had, or is not the expected one.
            ArchiveError: If a local zip file is damaged or not safe to take files from.
            WeightsError: If a file is missing or another one than the catalogue says.
            PackNotFoundError: If the path of the source leads nowhere.
            OSError: If a file can't be written.
        """
        source = self._source
        if source is None:
            self._download_all(folder)
        elif "://" in source:
            self._download_mirror(folder, source)
        else:
            self._copy(folder, Path(source).expanduser())
        for file in self._pack.files:
            self._check_file(folder, file)
        unpublished = [file.name for file in self._pack.files if file.sha256 is None]
        return Pulled(tuple(self._from), tuple(unpublished))

    def _download_all(self, folder: Path) -> None:
        self._take_all(
            folder, [(file, self._download(file, file.urls, strict=True)) for file in self._pack.sources]
        )

    def _download_mirror(self, folder: Path, url: str) -> None:
        check_address(url)
        address = urlsplit(url)
        path = address.path
        sources = self._pack.sources
        if path.endswith(".zip"):
            archive = self._pack.archive or SourceFile(name=f"{self._pack.name}.zip")
            self._take_all(folder, [(archive, self._download(archive, (url,), strict=not self._vouched))])
            return
        if not path.endswith("/") and len(sources) > 1:
            raise DownloadError(
                f"{shown_url(url)}: the pack has {len(sources)} files. Give the address of their folder, "
                "with a / at its end, or of a zip file with all of them.",
                url=shown_url(url),
            )
        # A query, which may let one in, stays behind the name of the file.
        urls = [
            urlunsplit(address._replace(path=f"{path}{quote(file.name)}")) if path.endswith("/") else url
            for file in sources
        ]
        self._take_all(
            folder,
            [
                (file, self._download(file, (each,), strict=not self._vouched))
                for file, each in zip(sources, urls, strict=True)
            ],
        )

    @property
    def _vouched(self) -> bool:
        """Whether each file has a checksum, so that it doesn't matter who has packed them."""
        return all(file.sha256 for file in self._pack.files)

    def _download(self, file: SourceFile, urls: tuple[str, ...], *, strict: bool) -> PartFile:
        path = self._store.parts_dir / f"{self._pack.name}-{file.name}"
        known = strict or file is not self._pack.archive
        problems: list[DownloadError] = []
        for url in urls:
            try:
                fetched = download(
                    url,
                    path,
                    size_bytes=file.size_bytes if known else None,
                    sha256=file.sha256 if known else None,
                    patience=self._patience,
                    tell=lambda done, total: self._tell(file.name, done, total),
                )
            except DownloadError as error:
                problems.append(error)
            else:
                self._from.append(fetched.url)
                return PartFile(path, url)
        raise DownloadError(
            f"{' '.join(map(str, problems))} The same command tries again, and goes on from what is there; "
            "--from takes a mirror or a file.",
            url=problems[-1].url,
        ) from problems[-1]

    def _take_all(self, folder: Path, parts: list[tuple[SourceFile, PartFile]]) -> None:
        """Put downloaded files, or what is packed in them, into the folder.

        Not before all are there: what is there of a download that fails half way need not be asked for again.
        """
        for file, part in parts:
            if file.name.endswith(".zip"):
                try:
                    extract_pack(part.path, folder, self._wanted)
                except ArchiveError as error:
                    part.clear()
                    # Where it came from says more than where it was put.
                    said = str(error).replace(str(part.path), part.shown)
                    raise DownloadError(said, url=part.shown) from error
            else:
                part.path.rename(folder / file.name)
        for _, part in parts:
            part.clear()

    @property
    def _wanted(self) -> frozenset[str]:
        return frozenset(file.name for file in self._pack.files)

    def _copy(self, folder: Path, source: Path) -> None:
        if source.is_file():
            self._copy_file(folder, source)
        elif source.is_dir():
            archive = self._pack.archive
            if archive is not None and (source / archive.name).is_file():
                self._copy_file(folder, source / archive.name)
                return
            for file in self._pack.files:
                if not (source / file.name).is_file():
                    raise WeightsError(f"{source}: has no {file.name}, which the pack needs.", path=source)
                self._copy_file(folder, source / file.name)
        else:
            # A URL that is no whole one is taken for a path, with the password in it.
            shown = "what was given" if "@" in str(source) and ":" in str(source) else source
            raise PackNotFoundError(
                f"{shown}: there is no such file or folder. Give an address that begins with https://, a "
                "zip file, or a folder with the files of the pack.",
                pack=self._pack.name,
            )

    def _copy_file(self, folder: Path, source: Path) -> None:
        self._from.append(str(source))
        if is_zip(source):
            archive = self._pack.archive
            if archive is not None and not self._vouched and file_sha256(source) != archive.sha256:
                raise WeightsError(_other(source, file_sha256(source), str(archive.sha256)), path=source)
            extract_pack(source, folder, self._wanted)
        elif source.name in self._wanted:
            check_onnx_file(source)
            shutil.copyfile(source, folder / source.name)
        else:
            raise WeightsError(
                f"{source}: not a zip file, and no file of the pack, which has "
                f"{', '.join(sorted(self._wanted))}.",
                path=source,
            )

    def _check_file(self, folder: Path, file: SourceFile) -> None:
        path = folder / file.name
        # Each file of its own, or what it was packed in.
        sources = ", ".join(each for each in self._from if each.endswith(f"/{file.name}")) or (
            ", ".join(self._from)
        )
        if not path.is_file():
            raise WeightsError(
                f"{sources}: has no {file.name}, which the pack needs.",
                path=path,
                mend=f"It needs {', '.join(sorted(self._wanted))}; without --from they are downloaded: "
                f"{self._pack.pull_command}",
            )
        check_onnx_file(path)
        if file.sha256 is not None:
            found = file_sha256(path)
            if found != file.sha256:
                where = sources if sources.endswith(file.name) else f"{sources}: {file.name}"
                raise WeightsError(_other(where, found, file.sha256), path=path)


def _other(path: Path | str, found: str, expected: str) -> str:
    return (
        f"{path}: damaged, or another file: its sha256 is {found}, and not {expected}. Nothing of it is "
        "used; get it anew."
    )
