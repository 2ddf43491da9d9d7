using System.Globalization;
using AgentFunctions.Runs;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>
/// Represents the preference <c>wait</c> of RFC 7240: how long an answer may take if it then says how the run ended. A preference
/// that cannot be read is ignored, as the RFC demands.
/// </summary>
internal static class WaitPreference
{
    public const string Header = "Prefer";
    public const string AppliedHeader = "Preference-Applied";

    /// <summary>Well below the 230 seconds after which Azure's front end gives an answer up.</summary>
    private const int MaxSeconds = 60;

    /// <summary>Reads the first <c>wait</c> of the header.</summary>
    public static TimeSpan? Read(IHeaderDictionary headers)
    {
        foreach (string preference in headers.GetCommaSeparatedValues(Header))
        {
            string[] parts = preference.Split(';')[0].Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts is [var name, var value] && name.Equals("wait", StringComparison.OrdinalIgnoreCase))
            {
                return int.TryParse(value.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
                    ? TimeSpan.FromSeconds(Math.Min(seconds, MaxSeconds))
                    : null;
            }
        }

        return null;
    }

    public static StringValues Applied(TimeSpan wait) =>
        string.Create(CultureInfo.InvariantCulture, $"wait={wait.TotalSeconds:0}");

    /// <summary>Waits for the end of a run.</summary>
    /// <returns>The run as it is then, ended or not.</returns>
    public static async Task<Run> WaitAsync(RunReader reader, Run run, TimeSpan longest, TimeProvider time,
        CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            return await reader.WaitForEndAsync(run.Id, either.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return await reader.GetAsync(run.Id, cancellationToken);
        }
    }
}
