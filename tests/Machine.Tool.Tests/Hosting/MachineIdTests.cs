using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Hosting;

public sealed class MachineIdTests
{
    [Theory]
    [InlineData("/src/shop", "shop-")]
    [InlineData("/src/Größer & Co", "gr--er---co-")]
    [InlineData("/src/---", "project-")]
    [InlineData("/src/a-very-long-name-of-a-folder-that-goes-on-and-on", "a-very-long-name-of-a-folder-tha-")]
    public void A_projects_machine_is_named_after_its_folder_and_found_by_that_name(string path, string begins)
    {
        var id = MachineId.OfProject(path);

        id.Text.ShouldStartWith(begins);
        id.Short.Length.ShouldBe(8);
        MachineId.TryParse(id.Text).ShouldBe(id);
        MachineId.OfProject(path + "/").ShouldNotBe(id, "a real path has no slash at its end");
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("shop")]
    [InlineData("shop-..")]
    [InlineData("shop-1234567")]
    [InlineData("../shop-12345678")]
    [InlineData("shop/x-12345678")]
    [InlineData(".shop-12345678")]
    [InlineData("shop-12345678\n")]
    public void Nothing_else_is_a_name(string name) => MachineId.TryParse(name).ShouldBeNull();
}
