"""Label content to a layout in millimetres to a picture or a printer language. Knows nothing of the tracker."""
