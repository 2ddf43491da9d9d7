using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Runs;
using Spectre.Console;

namespace AgentFunctions.Cli.Output;

/// <summary>
/// Shows a tree of runs until its root has ended: drawn over and over on a terminal, once at the end elsewhere.
/// </summary>
internal static class TreeOutput
{
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(1);

    public static Task FollowAsync(Func<CancellationToken, Task<RunTreeResource>> read, CancellationToken cancellationToken) =>
        Console.IsOutputRedirected
            ? WriteAsync(read, cancellationToken)
            : AnsiConsole.Live(new Text("")).StartAsync(live => DrawAsync(live, read, cancellationToken));

    private static async Task DrawAsync(LiveDisplayContext live, Func<CancellationToken, Task<RunTreeResource>> read,
        CancellationToken cancellationToken)
    {
        await foreach (RunTreeResource tree in ReadAsync(read, cancellationToken))
        {
            int width = Math.Max(20, AnsiConsole.Profile.Width - 1);
            IEnumerable<string> lines = TreeText.Lines(tree, AnsiConsole.Profile.Height - 2).Take(AnsiConsole.Profile.Height - 1);
            live.UpdateTarget(new Text(string.Join('\n', lines.Select(line => Terminal.Fit(line, width)))));
            live.Refresh();
        }
    }

    private static async Task WriteAsync(Func<CancellationToken, Task<RunTreeResource>> read, CancellationToken cancellationToken)
    {
        RunTreeResource? last = null;
        await foreach (RunTreeResource tree in ReadAsync(read, cancellationToken))
        {
            last = tree;
        }

        foreach (string line in TreeText.Lines(last!, int.MaxValue))
        {
            Console.WriteLine(line);
        }
    }

    private static async IAsyncEnumerable<RunTreeResource> ReadAsync(
        Func<CancellationToken, Task<RunTreeResource>> read,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            RunTreeResource tree = await read(cancellationToken);
            yield return tree;
            if (tree.Status is RunStatus.Completed or RunStatus.Failed or RunStatus.Cancelled or RunStatus.BudgetExhausted)
            {
                yield break;
            }

            await Task.Delay(Refresh, cancellationToken);
        }
    }
}
