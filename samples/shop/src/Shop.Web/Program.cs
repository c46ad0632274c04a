using System.Collections.Concurrent;
using Serilog;
using Shop.Core;

Log.Logger = new LoggerConfiguration().MinimumLevel.Warning().WriteTo.Console().CreateLogger();

var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders().AddSerilog();
var app = builder.Build();

var catalog = Catalog.Default();
var orders = new ConcurrentDictionary<string, Order>();

app.MapGet("/health", () => "ok");
app.MapGet("/products", (string? tag) =>
    tag is null ? catalog.Products : catalog.Products.Where(product => product.Tags.Contains(tag)));
app.MapGet("/products/{sku}", (string sku) =>
    catalog.Find(sku) is { } product ? Results.Ok(product) : Results.NotFound());
app.MapPost("/orders", (Wish[] wishes) =>
{
    var cart = new Cart(catalog);
    try
    {
        foreach (var wish in wishes)
        {
            cart.Add(wish.Sku, wish.Quantity);
        }
    }
    catch (ArgumentException e)
    {
        return Results.BadRequest(new { error = e.Message });
    }

    var order = cart.Checkout();
    orders[order.Number] = order;
    return Results.Created($"/orders/{order.Number}", order);
});
app.MapGet("/orders/{number}", (string number) =>
    orders.TryGetValue(number, out var order) ? Results.Ok(order) : Results.NotFound());

app.Run();

/// <summary>One line of what a customer asks for.</summary>
public sealed record Wish(string Sku, int Quantity);

/// <summary>Named so that the tests can host it.</summary>
public partial class Program;
