using System.Globalization;
using AgentFunctions.Views;

namespace AgentFunctions.AspNetCore.Doors.OpenAI;

/// <summary>The ids of responses: the run, and the position at which the response begins.</summary>
internal static class ResponseId
{
    private const string Prefix = "resp_";

    /// <summary>Gets the id.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="from">The position.</param>
    public static string Of(string runId, long from) => from == 0 ? Prefix + runId : $"{Prefix}{runId}_{from}";

    /// <summary>Reads an id.</summary>
    /// <exception cref="OpenAIException">It is not of this form, so there is no such response.</exception>
    public static (string RunId, long From) Read(string id)
    {
        string[] parts = id.StartsWith(Prefix, StringComparison.Ordinal) ? id[Prefix.Length..].Split('_') : [];
        return parts switch
        {
            [var run] when RunReader.IsRunId(run) => (run, 0),
            [var run, var from] when RunReader.IsRunId(run)
                && long.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out long position) => (run, position),
            _ => throw OpenAIException.NotFound(id),
        };
    }
}
