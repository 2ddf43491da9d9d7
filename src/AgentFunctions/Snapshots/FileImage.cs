using System.Text.Json.Serialization;

namespace AgentFunctions.Snapshots;

/// <summary>Represents a file, a link or a folder at a path at one moment.</summary>
public sealed record FileImage
{
    /// <summary>Gets the SHA-256 of the content of a file; <see langword="null"/> if it is not a file, or was not read.</summary>
    public string? Hash { get; init; }

    /// <summary>Gets the size of a file in bytes.</summary>
    public long? Size { get; init; }

    /// <summary>Gets the permissions (Unix); <see langword="null"/> for links, and on systems that have none.</summary>
    public int? Mode { get; init; }

    /// <summary>Gets where a link leads, as it is written in the link.</summary>
    public string? Link { get; init; }

    /// <summary>Gets whether it is a folder.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsFolder { get; init; }

    /// <summary>Gets whether the content was not kept, so that it cannot be brought back.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool NotKept { get; init; }

    /// <summary>
    /// Gets when a file whose content was not read was last written, to tell whether it has been written since.
    /// </summary>
    public long? Stamp { get; init; }

    /// <summary>Determines whether two images are of the same thing; <see langword="null"/> is nothing.</summary>
    internal static bool Same(FileImage? one, FileImage? other) =>
        one is null || other is null
            ? one is null && other is null
            : one with { NotKept = false } == other with { NotKept = false };
}
