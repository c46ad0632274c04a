using System.Xml.Linq;
using Machine.Tool.Enclosure;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Enclosure;

public sealed class NetEditTests
{
    [Theory]
    [InlineData("<Project>\n  <PropertyGroup>\n    <A>1</A>\n  </PropertyGroup>\n</Project>\n")]
    [InlineData("<?xml version=\"1.0\"?>\r\n<!-- > -->\r\n<Project xmlns=\"http://schemas.microsoft.com/developer/msbuild/2003\" ToolsVersion='>'>\r\n  <A />\r\n</Project>")]
    [InlineData("<Project><Import Project=\"Sdk.props\" Sdk=\"x\" /></Project>")]
    public void The_property_goes_first_and_everything_else_stays(string before)
    {
        var after = PropsNet.Edit(before, "p");

        PropsNet.IsFirstIn(after).ShouldBeTrue(after);
        PropsNet.Edit(after, "p").ShouldBe(after);
        var document = XDocument.Parse(after);
        document.Root!.Elements().First().Remove();
        document.Root.Nodes().OfType<XComment>().Where(comment => comment.Value.Contains("dotnet-machine")).Remove();
        document.Root.ToString(SaveOptions.DisableFormatting).ReplaceLineEndings("").Replace(" ", "")
            .ShouldBe(XDocument.Parse(before).Root!.ToString(SaveOptions.DisableFormatting).ReplaceLineEndings("").Replace(" ", ""));
        after.Contains('\r').ShouldBe(before.Contains('\r'));
    }

    [Theory]
    [InlineData("")]
    [InlineData("<Project />")]
    [InlineData("<Project></Project>")]
    public void An_empty_file_gets_it_too(string before) => PropsNet.IsFirstIn(PropsNet.Edit(before, "p")).ShouldBeTrue();

    [Theory]
    [InlineData("<Project>")]
    [InlineData("<Other />")]
    [InlineData("<!DOCTYPE x [<!ENTITY e \"v\">]><Project />")]
    public void What_is_no_msbuild_file_is_refused(string text) =>
        Should.Throw<MachineException>(() => PropsNet.Edit(text, "/p/Directory.Build.props")).Message.ShouldContain("/p/Directory.Build.props");

    [Theory]
    [InlineData("<Project Sdk=\"Evil.Sdk\">", "Evil.Sdk", "<Import")]
    [InlineData("<Project><Sdk Name=\"Evil.Sdk\" />", "Evil.Sdk", "<Import")]
    [InlineData("<Project InitialTargets=\"$([System.IO.File]::ReadAllText('x'))\">", "expression", "without $(")]
    public void What_msbuild_would_evaluate_before_the_first_element_is_refused(string root, string what, string remedy)
    {
        var refused = Should.Throw<MachineException>(() => PropsNet.Edit(root + "</Project>", "/p/Directory.Build.props"));

        refused.Message.ShouldContain("/p/Directory.Build.props");
        refused.Message.ShouldContain(what);
        refused.Remedy.ShouldNotBeNull().ShouldContain(remedy);
        PropsNet.IsFirstIn(PropsNet.Edit("<Project></Project>", "p").Replace("<Project>", root, StringComparison.Ordinal)).ShouldBeFalse();
    }

    [Fact]
    public void A_property_that_is_no_longer_first_is_told()
    {
        var moved = PropsNet.Edit("", "p").Replace("<Project>", "<Project><PropertyGroup><A>$([System.IO.File]::ReadAllText('x'))</A></PropertyGroup>", StringComparison.Ordinal);

        PropsNet.IsFirstIn(moved).ShouldBeFalse();
        Should.Throw<MachineException>(() => PropsNet.Edit(moved, "p")).Remedy.ShouldNotBeNull().ShouldContain("top");
    }

    [Fact]
    public void The_response_file_keeps_its_own_lines()
    {
        var after = ResponseFileNet.Edit("-maxcpucount:2\r\n# mine\r\n", "\r\n");

        ResponseFileNet.IsIn(after).ShouldBeTrue();
        after.ShouldEndWith("\r\n-maxcpucount:2\r\n# mine\r\n");
        ResponseFileNet.Edit(after, "\r\n").ShouldBe(after);
        ResponseFileNet.IsIn("# " + after.Split("\r\n")[1]).ShouldBeFalse();
    }
}
