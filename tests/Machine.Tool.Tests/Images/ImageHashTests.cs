using Machine.Tool.Images;
using Machine.Tool.Images.Store;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Tests.Images;

public sealed class ImageHashTests
{
    private readonly ImageRequest request;

    public ImageHashTests() =>
        request = new()
        {
            Base = "debian/12",
            SdkVersion = "10.0.101",
            Packages = ["git", "make"],
            NpmTools = ["a", "b"],
            DotnetTools = ["c"],
            Provision = [Script("one.sh", "echo 1"), Script("two.sh", "echo 2")],
            Tools = [Tool("npm", "a"), Tool("npm", "b"), Tool("dotnet", "c")],
        };

    [Fact]
    public void The_same_request_has_the_same_name_whatever_the_order_of_its_sets()
    {
        Of(request with { Packages = ["make", "git", "git"], Tools = [.. request.Tools.Reverse()] }).ShouldBe(Of(request));
        Of(request).ShouldMatch("^[0-9a-f]{32}$");
    }

    [Fact]
    public void A_disk_counts_by_its_content_not_by_its_place() =>
        Of(request with { Base = "/one/base.qcow2", BaseSha256 = "00" }).ShouldBe(Of(request with { Base = "https://mirror.example/base.qcow2", BaseSha256 = "00" }));

    [Fact]
    public void A_script_counts_by_its_content_not_by_its_place() =>
        Of(request with { Provision = [Script("elsewhere/uno.sh", "echo 1"), request.Provision[1]] }).ShouldBe(Of(request));

    [Fact]
    public void Everything_that_decides_the_content_changes_the_name()
    {
        string[] names =
        [
            Of(request),
            Of(request with { Base = "debian/13" }),
            Of(request with { BaseSha256 = "00" }),
            Of(request with { SdkVersion = "10.0.102" }),
            Of(request with { SdkVersion = null }),
            Of(request with { Packages = ["git"] }),
            Of(request with { Tools = [request.Tools[0]] }),
            Of(request with { Tools = [Tool("npm", "a"), Tool("npm", "b"), Tool("npm", "c")] }),
            Of(request with { Tools = [.. request.Tools.Take(2), request.Tools[2] with { Sha512 = "other" }] }),
            Of(request with { Tools = [.. request.Tools.Take(2), request.Tools[2] with { Version = "2" }] }),
            Of(request with { Provision = [.. request.Provision.Reverse()] }),
            Of(request with { Provision = [Script("three.sh", "echo 1\n"), request.Provision[1]] }),
            ImageHash.Of(ImageHash.Inputs(request, ["sdk/2"], ["pem"], "amd64", "recipe")),
            ImageHash.Of(ImageHash.Inputs(request, ["sdk"], ["pem", "other"], "amd64", "recipe")),
            ImageHash.Of(ImageHash.Inputs(request, ["sdk"], ["pem"], "arm64", "recipe")),
            ImageHash.Of(ImageHash.Inputs(request, ["sdk"], ["pem"], "amd64", "recipe 2")),
        ];

        names.Distinct().Count().ShouldBe(names.Length);
    }

    private static ProvisionScript Script(string path, string content) => ProvisionScript.Of(path, System.Text.Encoding.UTF8.GetBytes(content));

    private static PinnedTool Tool(string kind, string name) => new(kind, name, "1", "hash");

    private static string Of(ImageRequest request) => ImageHash.Of(ImageHash.Inputs(request, ["sdk"], ["pem"], "amd64", "recipe"));
}
