"""What is in an image, as an SPDX document: read from its files, and compared with what the image itself says."""
