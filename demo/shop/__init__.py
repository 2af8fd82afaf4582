"""A small ticket shop for the browser, in front of any Saleor-compatible host with the plugin."""
