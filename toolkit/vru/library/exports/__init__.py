"""The library in other people's formats: one file per format, and its name here."""

from vru.library.exports import atom, datacite, jsonld, registry, spreadsheet, table, whole
from vru.library.exports.export import Export, Holdings, Item, published_at

EXPORTS: dict[str, Export] = {
    module.EXPORT.name: module.EXPORT for module in (table, whole, spreadsheet, datacite, atom, registry, jsonld)
}

__all__ = ["EXPORTS", "Export", "Holdings", "Item", "published_at"]
