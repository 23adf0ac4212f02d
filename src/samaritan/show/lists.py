"""What is there: data sets, the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from samaritan.show._terminal import console, plain, print_facts


def show_datasets(described: Sequence[Mapping[str, Any]]) -> None:
    """One block per data set."""
    for facts in described:
        print_facts((name, plain(value)) for name, value in facts.items() if value not in (None, "", [], {}))
        console.print()


def show_examination(found: Mapping[str, Any]) -> None:
    """What ``samaritan doctor`` found."""
    gigabytes = {name: size / 2**30 for name, size in found["memory"].items() if size is not None}
    compute = found["compute"]
    facts = [
        ("system", f"{found['system']}, Python {found['python']}"),
        (
            "processor",
            f"{compute['usable_cores']} of {compute['cores']} cores, {compute['torch_threads']} threads",
        ),
        ("GPU", compute["cuda"] or "none; everything runs on the processor"),
        ("memory", ", ".join(f"{size:.1f} GiB {name}" for name, size in gigabytes.items()) or "unknown"),
        ("disk", f"{found['disk_free'] / 2**30:.1f} GiB free here"),
        ("embeddings", _stored(found["embeddings"])),
        ("weights", _weights(found["models"])),
        *(
            (f"runtime {name}", version or "not installed; pip install 'samaritan[fast]'")
            for name, version in found["runtimes"].items()
        ),
        *((name, version) for name, version in found["packages"].items() if version),
        *((name, f"not installed: {why}") for name, why in found["missing"].items()),
    ]
    print_facts(facts)


def _weights(models: Mapping[str, bool]) -> str:
    here = ", ".join(name for name, present in models.items() if present)
    absent = sum(not present for present in models.values())
    return f"{here or 'none here'}; {absent} other models: see samaritan models" if absent else here


def _stored(embeddings: Mapping[str, Any]) -> str:
    limit = f"at most {embeddings['limit'] / 1e9:g} GB" if embeddings["limit"] else "nothing is added"
    return f"{embeddings['entries']} entries, {embeddings['bytes'] / 1e9:.2f} GB ({limit}) in {embeddings['folder']}"
