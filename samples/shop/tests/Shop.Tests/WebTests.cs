using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc.Testing;

namespace Shop.Tests;

public sealed class WebTests(WebApplicationFactory<Program> shop) : IClassFixture<WebApplicationFactory<Program>>
{
    private readonly HttpClient _client = shop.CreateClient();

    [Fact]
    public async Task Products_are_listed_by_tag()
    {
        var products = await _client.GetFromJsonAsync<JsonElement[]>("/products?tag=tea");

        Assert.Equal(["TEA-ASSAM", "TEA-SENCHA"], products!.Select(product => product.GetProperty("sku").GetString()));
    }

    [Fact]
    public async Task An_unknown_product_is_not_found() =>
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync("/products/POT-GOLD")).StatusCode);

    [Fact]
    public async Task An_order_can_be_read_back()
    {
        var created = await _client.PostAsJsonAsync("/orders", new[] { new Wish("POT-IRON", 2) });
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);

        var order = await _client.GetFromJsonAsync<JsonElement>(created.Headers.Location);
        Assert.Equal(96.00m, order.GetProperty("total").GetDecimal());
    }

    [Fact]
    public async Task A_bad_order_says_why()
    {
        var refused = await _client.PostAsJsonAsync("/orders", new[] { new Wish("POT-GOLD", 1) });

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("no product POT-GOLD", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
