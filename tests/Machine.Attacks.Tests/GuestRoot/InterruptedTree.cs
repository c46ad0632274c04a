using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Paths;


namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>A host whose user works on it between the survey and the import: just before the first deletion, whose path it is told.</summary>
internal sealed class InterruptedTree(string root)
{
    public Action<string>? BeforeDeletion { get; set; }

    public HostTree Tree => new Interrupted(root, path =>
    {
        BeforeDeletion?.Invoke(path);
        BeforeDeletion = null;
    });

    private sealed class Interrupted(string root, Action<string> before) : HostTree(root)
    {
        private readonly HostTree inner = Open(root);

        public override HostStat Stat(ProjectPath path) => inner.Stat(path);

        public override string? ReadLink(ProjectPath path) => inner.ReadLink(path);

        public override Stream OpenRead(ProjectPath path) => inner.OpenRead(path);

        public override Task WriteFileAsync(ProjectPath path, bool executable, DateTimeOffset modified, bool durable, Func<Stream, Task> write) => inner.WriteFileAsync(path, executable, modified, durable, write);

        public override void WriteLink(ProjectPath path, string target) => inner.WriteLink(path, target);

        public override void DeleteFile(ProjectPath path)
        {
            before(path.Text);
            inner.DeleteFile(path);
        }

        public override bool TryDeleteFolder(ProjectPath path) => inner.TryDeleteFolder(path);

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
