using System.Net.Http.Json;
using Microsoft.AspNetCore.Mvc.Testing;

namespace Sample1.Tests;

public sealed class ForecastTests : IClassFixture<WebApplicationFactory<Program>>
{
    private readonly HttpClient client;

    public ForecastTests(WebApplicationFactory<Program> factory) => client = factory.CreateClient();

    [Fact]
    public async Task It_answers_with_as_many_days_as_asked()
    {
        var days = await client.GetFromJsonAsync<Forecast[]>("/forecast/3", TestContext.Current.CancellationToken);

        Assert.Equal(3, days!.Length);
    }
}
