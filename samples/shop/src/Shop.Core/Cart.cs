namespace Shop.Core;

/// <summary>Pieces by SKU, and what they cost under a catalogue.</summary>
public sealed class Cart(Catalog catalog)
{
    private readonly SortedDictionary<string, int> _pieces = new(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="ArgumentException">Unknown SKU.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than one piece.</exception>
    public Cart Add(string sku, int quantity = 1)
    {
        if (quantity < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(quantity), quantity, "at least one piece");
        }

        var product = catalog.Find(sku) ?? throw new ArgumentException($"no product {sku}", nameof(sku));
        _pieces.TryGetValue(product.Sku, out var before);
        _pieces[product.Sku] = before + quantity;
        return this;
    }

    /// <summary>Each product gets the best discount that the pieces of its tag earn; never two at once.</summary>
    public Order Checkout()
    {
        var lines = _pieces
            .Select(piece => (Product: catalog.Find(piece.Key)!, Quantity: piece.Value))
            .Select(line => new OrderLine(
                line.Product.Sku,
                line.Quantity,
                line.Product.Price,
                Money.Round(line.Product.Price * line.Quantity * BestPercent(line.Product) / 100)))
            .ToList();
        return new Order(catalog.Currency, lines);
    }

    private decimal BestPercent(Product product) =>
        catalog.Discounts
            .Where(discount => product.Tags.Contains(discount.Tag) && Pieces(discount.Tag) >= discount.AtLeast)
            .Select(discount => discount.Percent)
            .DefaultIfEmpty(0)
            .Max();

    private int Pieces(string tag) =>
        _pieces.Where(piece => catalog.Find(piece.Key)!.Tags.Contains(tag)).Sum(piece => piece.Value);
}
