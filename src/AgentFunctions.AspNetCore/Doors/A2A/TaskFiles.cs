using System.Text.Json.Nodes;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Notifications;
using AgentFunctions.Records;

namespace AgentFunctions.AspNetCore.Doors.A2A;

/// <summary>
/// Shows the files that a run has made as artifacts of its task: small ones whole, others by their address in the HTTP API.
/// </summary>
internal sealed class TaskFiles(ArtifactStore artifacts, Redactor redactor, PublicAddress address)
{
    /// <summary>What the name of a file that came with a message begins with.</summary>
    public const string Received = "in-";

    private const long MostBytes = 64 * 1024;
    private const int MostFiles = 100;

    /// <summary>Lists the files of a run, the first hundred by name.</summary>
    /// <param name="run">The run.</param>
    /// <param name="known">The names of those that are left out; <see langword="null"/> for none.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<JsonObject>> OfAsync(
        string run, IReadOnlySet<string>? known, CancellationToken cancellationToken)
    {
        var shown = new List<JsonObject>();
        long left = 4 * MostBytes;
        IReadOnlyList<Artifact> all = await artifacts.ListAsync(run, cancellationToken);
        foreach (Artifact file in all.Where(static one => !one.Name.StartsWith(Received, StringComparison.Ordinal))
            .Take(MostFiles).Where(one => known?.Contains(one.Name) != true))
        {
            var part = new JsonObject { ["filename"] = file.Name, ["mediaType"] = file.MediaType };
            if (file.Length <= Math.Min(MostBytes, left)
                && await artifacts.GetAsync(run, file.Name, cancellationToken) is (_, var content))
            {
                left -= file.Length;
                part["raw"] = Convert.ToBase64String(redactor.RedactJson(content).Span);
            }
            else
            {
                part["url"] = address.Of($"/api/runs/{run}/artifacts/{file.Name}");
            }

            shown.Add(new JsonObject { ["artifactId"] = file.Name, ["name"] = file.Name, ["parts"] = new JsonArray(part) });
        }

        return shown;
    }
}
