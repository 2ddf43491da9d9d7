namespace AgentFunctions.Workspaces;

/// <summary>One look at what governs, for one call of a tool: what is where is found out once, when it is first needed.</summary>
/// <param name="governing">What governs.</param>
internal sealed class ProtectedLook(IReadOnlyList<GoverningPath> governing)
{
    private readonly Lazy<IReadOnlyList<GoverningLocation>> _places = new(() => [.. governing.SelectMany(GoverningLocation.Of)]);
    private readonly Lazy<GoverningIdentities> _identities = new(() => new GoverningIdentities(governing));

    /// <summary>What governs at a path; <see langword="null"/> if nothing does.</summary>
    /// <param name="fullPath">The full path, which may lead through links.</param>
    public GoverningPath? Find(string fullPath)
    {
        string real = LinkWalk.Real(fullPath);
        return FindReal(real) ?? (real == fullPath ? null : FindByText(fullPath));
    }

    /// <summary>What governs at a path; <see langword="null"/> if nothing does.</summary>
    /// <param name="realPath">The full path, which holds no links.</param>
    public GoverningPath? FindReal(string realPath) =>
        governing.Count == 0 ? null : FindByText(realPath) ?? _identities.Value.Find(realPath);

    /// <summary>What governs in a file; <see langword="null"/> if nothing does.</summary>
    /// <param name="identity">The identity of the file.</param>
    public GoverningPath? Find(FileIdentity? identity) =>
        identity is { } known && governing.Count > 0 ? _identities.Value.Find(known) : null;

    /// <summary>Finds what governs in a folder, however deep.</summary>
    /// <param name="realFolder">The full path of the folder, with links resolved.</param>
    /// <param name="evenMissing">Whether what is not there yet counts too.</param>
    /// <returns>The first that was found, or null.</returns>
    public GoverningPath? FindWithin(string realFolder, bool evenMissing) =>
        _places.Value.FirstOrDefault(place => place.IsWithin(realFolder) && (evenMissing || place.Exists()))?.Governing;

    private GoverningPath? FindByText(string path) =>
        _places.Value.FirstOrDefault(place => place.Covers(path))?.Governing;
}
