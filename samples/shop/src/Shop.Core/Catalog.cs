using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Shop.Core;

/// <summary>One thing on sale. Settable, because the YAML reader fills it.</summary>
public sealed class Product
{
    public string Sku { get; set; } = "";

    public string Name { get; set; } = "";

    public decimal Price { get; set; }

    public List<string> Tags { get; set; } = [];
}

/// <summary>So many per cent off every product with a tag, from so many pieces on.</summary>
public sealed class Discount
{
    public string Tag { get; set; } = "";

    public int AtLeast { get; set; }

    public decimal Percent { get; set; }
}

/// <summary>What the shop sells, as its YAML file says.</summary>
public sealed class Catalog
{
    public string Currency { get; set; } = "";

    public List<Product> Products { get; set; } = [];

    public List<Discount> Discounts { get; set; } = [];

    /// <summary>The catalogue that comes with this library.</summary>
    public static Catalog Default()
    {
        using var stream = typeof(Catalog).Assembly.GetManifestResourceStream("catalog.yaml")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return Parse(reader.ReadToEnd());
    }

    /// <exception cref="FormatException">Not YAML, an unknown key, a price below zero, or a SKU twice.</exception>
    public static Catalog Parse(string yaml)
    {
        Catalog catalog;
        try
        {
            catalog = new DeserializerBuilder()
                .WithNamingConvention(CamelCaseNamingConvention.Instance)
                .Build()
                .Deserialize<Catalog>(yaml) ?? new Catalog();
        }
        catch (YamlException e)
        {
            throw new FormatException($"catalogue, line {e.Start.Line}: {e.InnerException?.Message ?? e.Message}", e);
        }

        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var product in catalog.Products)
        {
            if (product.Price < 0)
            {
                throw new FormatException($"{product.Sku} costs less than nothing");
            }

            if (!seen.Add(product.Sku))
            {
                throw new FormatException($"{product.Sku} is listed twice");
            }
        }

        return catalog;
    }

    public Product? Find(string sku) =>
        Products.Find(product => string.Equals(product.Sku, sku, StringComparison.OrdinalIgnoreCase));
}
