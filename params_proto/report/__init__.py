"""A sweep as a page: one HTML file that opens anywhere, offline."""
