using Machine.Tool.Workspaces.Shown;

namespace Machine.Tool.Operations;

/// <summary>A person who looks at what an apply would write, before it is written.</summary>
internal interface IReview
{
    /// <summary>One guarded change that was named.</summary>
    bool Agrees(ShownChange one);

    /// <summary>Outputs that would replace files of this host's own.</summary>
    bool AgreesToReplace(IReadOnlyList<ShownChange> files);
}

/// <summary>The yes that somebody gave beforehand, to what they named and whatever is in it: nothing is shown.</summary>
internal sealed class GivenReview : IReview
{
    public static readonly GivenReview Instance = new();

    public bool Agrees(ShownChange one) => true;

    public bool AgreesToReplace(IReadOnlyList<ShownChange> files) => true;
}
