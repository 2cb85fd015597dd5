"""A script that runs the app of a module."""

from package.app import train

train()
