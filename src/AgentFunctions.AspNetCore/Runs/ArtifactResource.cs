using AgentFunctions.Records;


namespace AgentFunctions.AspNetCore.Runs;

/// <summary>The files that a run produced, by name.</summary>
/// <param name="Artifacts">The files.</param>
internal sealed record ArtifactListResource(IReadOnlyList<ArtifactResource> Artifacts);

/// <summary>A file that a run produced.</summary>
/// <param name="Name">Its name, unique in the run.</param>
/// <param name="MediaType">Its media type.</param>
/// <param name="Length">Its size in bytes.</param>
/// <param name="Sha256">The SHA-256 of its content as hexadecimal digits.</param>
/// <param name="CreatedAt">When it was saved (UTC).</param>
/// <param name="Link">Where to download it.</param>
internal sealed record ArtifactResource(string Name, string MediaType, long Length, string Sha256, DateTime CreatedAt,
    string Link)
{
    public static ArtifactResource Of(string runId, Artifact file, string root) => new(
        file.Name, file.MediaType, file.Length, file.Hash, file.CreatedAt.UtcDateTime,
        $"{root}/api/runs/{runId}/artifacts/{Uri.EscapeDataString(file.Name)}");
}
