using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>The files that a run produced.</summary>
internal static class ArtifactEndpoints
{
    public static void MapArtifacts(this IEndpointRouteBuilder runs)
    {
        runs.MapGet("/{id}/artifacts", ListAsync)
            .WithName("listArtifacts")
            .WithSummary("List the files that a run produced.")
            .Produces<ArtifactListResource>()
            .ProducesProblems(401, 403, 404, 410, 503);
        runs.MapGet("/{id}/artifacts/{name}", GetAsync)
            .WithName("getArtifact")
            .WithSummary("Download a file that a run produced.")
            .WithDescription("Answers range requests and If-None-Match; the entity tag is the content's SHA-256.")
            .Produces<byte[]>(200, "application/octet-stream")
            .ProducesProblems(401, 403, 404, 410, 503);
    }

    private static async Task<IResult> ListAsync(
        string id, HttpContext http, RunReader reader, ArtifactStore artifacts, CancellationToken cancellationToken)
    {
        await reader.GetAsync(id, cancellationToken);
        string root = http.Root();
        IReadOnlyList<Artifact> files = await artifacts.ListAsync(id, cancellationToken);
        return Answers.Json(new ArtifactListResource([.. files.Select(file => ArtifactResource.Of(id, file, root))]));
    }

    private static async Task<IResult> GetAsync(
        string id, string name, RunReader reader, ArtifactStore artifacts, Redactor redactor, CancellationToken cancellationToken)
    {
        await reader.GetAsync(id, cancellationToken);
        (Artifact file, ReadOnlyMemory<byte> content) = await artifacts.GetAsync(id, name, cancellationToken)
            ?? throw new AgentException(ErrorCode.ArtifactNotFound,
                $"Run '{id}' has no such artifact; GET /api/runs/{id}/artifacts lists them.");
        ReadOnlyMemory<byte> shown = redactor.RedactJson(content);
        return new FileDownload(shown, MediaTypeOf(file), file.Name, shown.Equals(content) ? file.Hash : null);
    }

    private static string MediaTypeOf(Artifact file) =>
        MediaTypeHeaderValue.TryParse(file.MediaType, out _) ? file.MediaType : "application/octet-stream";
}
