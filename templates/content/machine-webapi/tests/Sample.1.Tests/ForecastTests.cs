using System.Net.Http.Json;

namespace Sample._1.Tests;

public sealed class ForecastTests
{
    [Fact]
    public async Task It_answers_with_as_many_days_as_asked()
    {
        // Any free port of the loopback.
        await using var app = Api.Create("--urls", "http://127.0.0.1:0");
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };

        var days = await client.GetFromJsonAsync<Forecast[]>("/forecast/3", TestContext.Current.CancellationToken);

        Assert.Equal(3, days!.Length);
    }
}
