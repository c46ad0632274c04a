using Shop.Core;

namespace Shop.Tests;

public class CartTests
{
    private static Cart Cart() => new(Catalog.Default());

    [Theory]
    [InlineData(1, "7.90")]
    [InlineData(2, "15.80")]
    [InlineData(3, "21.33")] // ten per cent off from three pieces on
    public void Tea_is_cheaper_from_three_pieces_on(int pieces, string total) =>
        Assert.Equal(decimal.Parse(total, System.Globalization.CultureInfo.InvariantCulture), Cart().Add("TEA-ASSAM", pieces).Checkout().Total);

    [Fact]
    public void A_discount_counts_all_pieces_of_its_tag() =>
        Assert.Equal(22.77m, Cart().Add("TEA-ASSAM", 2).Add("TEA-SENCHA").Checkout().Total);

    [Fact]
    public void A_discount_leaves_other_products_alone() =>
        Assert.Equal(69.33m, Cart().Add("TEA-ASSAM", 3).Add("POT-IRON").Checkout().Total);

    [Fact]
    public void The_same_product_twice_is_one_line()
    {
        var line = Assert.Single(Cart().Add("CUP-CLAY", 2).Add("cup-clay", 4).Checkout().Lines);

        Assert.Equal(6, line.Quantity);
        Assert.Equal(5.63m, line.Discount); // 5.625, halves away from zero
    }

    [Fact]
    public void An_empty_cart_costs_nothing() => Assert.Equal(0, Cart().Checkout().Total);

    [Fact]
    public void An_unknown_product_is_refused() => Assert.Throws<ArgumentException>(() => Cart().Add("POT-GOLD"));

    [Fact]
    public void No_pieces_are_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => Cart().Add("POT-IRON", 0));
}
