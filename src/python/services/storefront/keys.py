"""What handlers find in the application."""

from aiohttp import web

from services.storefront.api_client import ShopApi

API: web.AppKey[ShopApi] = web.AppKey("api", ShopApi)
