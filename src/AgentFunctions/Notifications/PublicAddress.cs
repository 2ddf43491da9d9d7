namespace AgentFunctions.Notifications;

/// <summary>Represents where people reach the runtime's API, for links in what they are told.</summary>
public sealed class PublicAddress
{
    private volatile string? _base;
    private volatile string _path = "";

    /// <summary>Gets or sets the address with scheme, host and path; <see langword="null"/> if only the path is known.</summary>
    public string? Base
    {
        get => _base;
        set => _base = value?.TrimEnd('/');
    }

    /// <summary>Gets or sets the path that the API is mapped below; empty for none.</summary>
    public string Path
    {
        get => _path;
        set => _path = (value ?? "").TrimEnd('/');
    }

    /// <summary>Makes a link.</summary>
    /// <param name="path">The path below the runtime's root, such as <c>/api/approvals/1</c>.</param>
    public string Of(string path) => (Base ?? Path) + path;
}
