using AgentFunctions.Core.Text;
using AgentFunctions.Workspaces;

namespace AgentFunctions.OpenApi.Parts;

/// <summary>The parts of a description that is a file: files of its folder and of the folders below.</summary>
/// <param name="document">The full path of the description.</param>
/// <param name="known">The parts that were there when the host started; <see langword="null"/> to find them.</param>
/// <remarks>
/// What a description says governs a run, so its parts are protected like the description. A part that appears later would not
/// be; it is read after a restart.
/// </remarks>
internal sealed class FolderParts(string document, IReadOnlySet<string>? known) : IOpenApiParts
{
    private readonly string _folder = LinkWalk.Real(Path.GetDirectoryName(Path.GetFullPath(document))!);

    public string Root { get; } = LinkWalk.Real(Path.GetFullPath(document));

    /// <summary>Gets the parts that a description has now; none if it cannot be read.</summary>
    /// <param name="document">The path of the description.</param>
    public static IReadOnlySet<string> Of(string document)
    {
        try
        {
            var parts = new FolderParts(document, null);
            // Files are read without waiting, so there is nothing to block on.
            OpenApiBundle bundle = OpenApiBundle.ReadAsync(
                OpenApiText.Parse(OpenApiText.Load(document), document), document, parts, CancellationToken.None).GetAwaiter()
                .GetResult();
            return bundle.Places.ToHashSet(StringComparer.Ordinal);
        }
        catch (Exception e) when (e is AgentException or IOException or UnauthorizedAccessException)
        {
            return new HashSet<string>();
        }
    }

    public string Locate(string from, string reference)
    {
        string path = Uri.UnescapeDataString(reference);
        if (path.Contains('\0') || path.Contains("://", StringComparison.Ordinal))
        {
            throw Refused($"'{PathSyntax.Show(reference)}' is not a file. Copy it beside the description");
        }

        string full = LinkWalk.Real(Path.GetFullPath(path, Path.GetDirectoryName(from)!));
        return PathSyntax.Below(full, _folder, StringComparison.Ordinal) is null
            ? throw Refused($"'{PathSyntax.Show(reference)}' lies outside the folder of the description; copy it there")
            : full;
    }

    public Task<string> ReadAsync(string place, long maxBytes, CancellationToken cancellationToken)
    {
        string shown = PathSyntax.Show(Path.GetRelativePath(_folder, place));
        if (known?.Contains(place) == false)
        {
            throw Refused($"'{shown}' was not part of the description when the host started; restart the host to read it");
        }

        if (FileKind.Of(place).Kind != EntryKind.File)
        {
            throw Refused($"there is no file '{shown}'");
        }

        return Task.FromResult(TextFile.Read(place, maxBytes, (line, words, _) => Refused($"'{shown}'({line}) {words}")));
    }

    private static AgentException Refused(string reason) => new(ErrorCode.NotAllowed, reason);
}
