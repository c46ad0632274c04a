using Shop.Core;

namespace Shop.Tests;

public class OrderTests
{
    private static Order Order() => new Cart(Catalog.Default()).Add("TEA-SENCHA", 3).Add("POT-IRON").Checkout();

    [Fact]
    public void An_order_survives_json()
    {
        var copy = Core.Order.FromJson(Order().ToJson());

        Assert.Equal(Order().Total, copy.Total);
        Assert.Equal(Order().Number, copy.Number);
    }

    [Fact]
    public void A_number_follows_from_the_lines()
    {
        Assert.Matches("^[0-9a-f]{12}$", Order().Number);
        Assert.NotEqual(Order().Number, new Cart(Catalog.Default()).Add("POT-IRON").Checkout().Number);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"Lines\": 3}")]
    public void What_is_no_order_is_refused(string json) => Assert.Throws<FormatException>(() => Core.Order.FromJson(json));
}
