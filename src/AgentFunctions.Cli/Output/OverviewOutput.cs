using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Server;
using Spectre.Console;

namespace AgentFunctions.Cli.Output;

/// <summary>
/// Shows the runs of a server until the reader ends it: drawn over and over on a terminal, one line a change elsewhere.
/// </summary>
internal static class OverviewOutput
{
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(2);

    public static async Task FollowAsync(ApiClient client, RunQuery query, int limit, CancellationToken cancellationToken)
    {
        try
        {
            await (Console.IsOutputRedirected
                ? WriteAsync(client, query, limit, cancellationToken)
                : AnsiConsole.Live(new Text("")).StartAsync(live => DrawAsync(live, client, query, limit, cancellationToken)));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // How a reader ends it.
        }
    }

    private static async Task DrawAsync(
        LiveDisplayContext live, ApiClient client, RunQuery query, int limit, CancellationToken cancellationToken)
    {
        RunRowListResource rows = await client.RowsAsync(query, limit, cancellationToken);
        while (true)
        {
            int width = Math.Max(20, AnsiConsole.Profile.Width - 1);
            InboxResource inbox = await Reconnection.AskAsync(client.InboxAsync, cancellationToken);
            IEnumerable<string> lines = OverviewText.Heading(rows.Counts, inbox).Append("")
                .Concat(rows.Runs.Select(static run => OverviewText.Line(run, TimeProvider.System.GetUtcNow().UtcDateTime)))
                .Take(AnsiConsole.Profile.Height - 1);
            live.UpdateTarget(new Text(string.Join('\n', lines.Select(line => Terminal.Fit(line, width)))));
            live.Refresh();
            await Task.Delay(Refresh, cancellationToken);
            rows = await Reconnection.AskAsync(token => client.RowsAsync(query, limit, token), cancellationToken);
        }
    }

    private static async Task WriteAsync(ApiClient client, RunQuery query, int limit, CancellationToken cancellationToken)
    {
        var shown = new Dictionary<string, long>(StringComparer.Ordinal);
        string heading = "";
        RunRowListResource rows = await client.RowsAsync(query, limit, cancellationToken);
        while (true)
        {
            InboxResource inbox = await Reconnection.AskAsync(client.InboxAsync, cancellationToken);
            string now = string.Join('\n', OverviewText.Heading(rows.Counts, inbox));
            if (now != heading)
            {
                Console.WriteLine(heading = now);
            }

            foreach (RunRowResource run in rows.Runs.Reverse().Where(run => shown.GetValueOrDefault(run.Id, -1) != run.Rev))
            {
                shown[run.Id] = run.Rev;
                Console.WriteLine(OverviewText.Line(run, TimeProvider.System.GetUtcNow().UtcDateTime));
            }

            await Task.Delay(Refresh, cancellationToken);
            rows = await Reconnection.AskAsync(token => client.RowsAsync(query, limit, token), cancellationToken);
        }
    }
}
