using Shop.Core;

namespace Shop.Tests;

public class CatalogTests
{
    [Fact]
    public void The_default_catalogue_is_complete()
    {
        var catalog = Catalog.Default();

        Assert.Equal("EUR", catalog.Currency);
        Assert.Equal(4, catalog.Products.Count);
        Assert.All(catalog.Products, product => Assert.NotEmpty(product.Tags));
    }

    [Fact]
    public void A_sku_is_found_in_any_case() => Assert.Equal(48.00m, Catalog.Default().Find("pot-iron")!.Price);

    [Fact]
    public void An_unknown_sku_is_not_found() => Assert.Null(Catalog.Default().Find("POT-GOLD"));

    [Fact]
    public void An_empty_file_is_an_empty_catalogue() => Assert.Empty(Catalog.Parse("").Products);

    [Theory]
    [InlineData("products: [{ sku: A, price: -1 }]", "A costs less than nothing")]
    [InlineData("products: [{ sku: A }, { sku: a }]", "a is listed twice")]
    [InlineData("curency: EUR", "line 1")]
    [InlineData("products:\n  - sku: A\n    price: cheap", "line 3")]
    public void A_broken_catalogue_is_refused_with_its_place(string yaml, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => Catalog.Parse(yaml)).Message, StringComparison.Ordinal);
}
