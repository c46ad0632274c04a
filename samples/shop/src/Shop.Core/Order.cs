using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Newtonsoft.Json;

namespace Shop.Core;

public sealed class OrderLine(string sku, int quantity, decimal unitPrice, decimal discount)
{
    public string Sku { get; } = sku;

    public int Quantity { get; } = quantity;

    public decimal UnitPrice { get; } = unitPrice;

    public decimal Discount { get; } = discount;

    [JsonIgnore]
    public decimal Total => (UnitPrice * Quantity) - Discount;
}

/// <summary>A cart that was paid for. Its number follows from what is in it, so a repeated order is recognised.</summary>
public sealed class Order(string currency, IReadOnlyList<OrderLine> lines)
{
    public string Currency { get; } = currency;

    public IReadOnlyList<OrderLine> Lines { get; } = lines;

    [JsonIgnore]
    public decimal Total => Lines.Sum(line => line.Total);

    [JsonIgnore]
    public string Number => Hash(string.Join("|", Lines.Select(line =>
        FormattableString.Invariant($"{line.Sku}*{line.Quantity}@{line.Total:0.00}"))));

    public string ToJson() => JsonConvert.SerializeObject(this, Formatting.Indented);

    /// <exception cref="FormatException">Not an order.</exception>
    public static Order FromJson(string json)
    {
        try
        {
            return JsonConvert.DeserializeObject<Order>(json) is { Lines: not null } order
                ? order
                : throw new FormatException("not an order");
        }
        catch (JsonException e)
        {
            throw new FormatException("not an order: " + e.Message, e);
        }
    }

    private static string Hash(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
#if NET
        return Convert.ToHexStringLower(SHA256.HashData(bytes))[..12];
#else
        using var sha = SHA256.Create();
        return string.Concat(sha.ComputeHash(bytes).Take(6).Select(part => part.ToString("x2", CultureInfo.InvariantCulture)));
#endif
    }
}
