using System.Globalization;
using System.Runtime.InteropServices;
using Shop.Core;
using Spectre.Console;

switch (args)
{
    // Where this code really runs; the demo compares it with the host.
    case [] or ["system"]:
        Console.WriteLine($"system  {RuntimeInformation.OSDescription}");
        Console.WriteLine($"kernel  {Kernel()}");
        Console.WriteLine($"runtime {RuntimeInformation.FrameworkDescription}");
        return 0;

    case ["catalog"]:
        var catalog = Catalog.Default();
        var table = new Table().AddColumns("SKU", "Name", catalog.Currency);
        foreach (var product in catalog.Products)
        {
            table.AddRow(product.Sku, product.Name, product.Price.ToString("0.00", CultureInfo.InvariantCulture));
        }

        AnsiConsole.Write(table);
        return 0;

    default:
        Console.Error.WriteLine("usage: Shop.Cli [system|catalog]");
        return 2;
}

// As `uname -r` says it; .NET itself keeps only the digits.
static string Kernel() =>
    OperatingSystem.IsLinux() ? File.ReadAllText("/proc/sys/kernel/osrelease").Trim() : Environment.OSVersion.Version.ToString();
