using Machine.Tool.Workspaces;

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

        public override HostStat Stat(string path) => inner.Stat(path);

        public override string? ReadLink(string path) => inner.ReadLink(path);

        public override Stream OpenRead(string path) => inner.OpenRead(path);

        public override Task WriteFileAsync(string path, bool executable, DateTimeOffset modified, bool durable, Func<Stream, Task> write) => inner.WriteFileAsync(path, executable, modified, durable, write);

        public override void WriteLink(string path, string target) => inner.WriteLink(path, target);

        public override void DeleteFile(string path)
        {
            before(path);
            inner.DeleteFile(path);
        }

        public override bool TryDeleteFolder(string path) => inner.TryDeleteFolder(path);

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
