using System.Globalization;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Views;
using AgentFunctions.Views.Live;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace AgentFunctions.Cli.Output;

/// <summary>A panel that is drawn over and over on a terminal: where the run stands, and its latest events.</summary>
internal sealed class LiveOutput(IAnsiConsole console, TextWriter writer) : IRunOutput
{
    private const int Lines = 12;
    private const int PlanLines = 8;
    private const int TextLines = 8;

    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(200);

    private readonly RunProgress _progress = new();
    private readonly Queue<string> _latest = new();
    private readonly LiveScreen _screen = new();
    private IReadOnlyList<RunWaiting> _waits = [];
    private RunResource? _run;
    private bool _mayAsk;

    public bool IsLive => true;

    public void Begin(RunResource run, string how)
    {
        _run = run;
        foreach (string line in RunText.Heading(run, how))
        {
            writer.WriteLine(line);
        }
    }

    /// <summary>Gets or sets who asks the person at the terminal; <see langword="null"/> if nobody is asked.</summary>
    public ForegroundPrompts? Prompts { get; set; }

    public async Task FollowAsync(
        IAsyncEnumerable<RunSignal> signals, Func<CancellationToken, Task<RunResource>> read, CancellationToken cancellationToken)
    {
        await using IAsyncEnumerator<RunSignal> next = signals.GetAsyncEnumerator(cancellationToken);
        Task<bool> moved = next.MoveNextAsync().AsTask();
        Func<CancellationToken, Task>? ask = null;
        do
        {
            await console.Live(Render()).StartAsync(async live =>
            {
                while ((ask = await FindAsync(cancellationToken)) is null)
                {
                    // The clock goes on while nothing happens.
                    if (await Task.WhenAny(moved, Task.Delay(Refresh, CancellationToken.None)) == moved)
                    {
                        if (!await moved)
                        {
                            live.UpdateTarget(Render());
                            return;
                        }

                        await TakeAsync(next.Current, read, cancellationToken);
                        moved = next.MoveNextAsync().AsTask();
                        if (moved.IsCompleted)
                        {
                            continue;
                        }
                    }

                    live.UpdateTarget(Render());
                }
            });

            // The panel is not drawn while somebody types; the run goes on, and may end meanwhile.
            Task asked = ask?.Invoke(cancellationToken) ?? Task.CompletedTask;
            while (await Task.WhenAny(asked, moved) == moved && !asked.IsCompleted && await moved)
            {
                await TakeAsync(next.Current, read, cancellationToken);
                moved = next.MoveNextAsync().AsTask();
            }

            if (asked.IsCompleted)
            {
                await asked;
            }
        }
        while (ask is not null && !(moved.IsCompletedSuccessfully && !moved.Result));
    }

    public void End(RunResource run)
    {
        foreach (string line in RunText.Summary(run))
        {
            writer.WriteLine(line);
        }
    }

    /// <summary>What the person is to be asked; looked for where the run says that it waits for somebody.</summary>
    private async Task<Func<CancellationToken, Task>?> FindAsync(CancellationToken cancellationToken)
    {
        if (Prompts is null || !_mayAsk)
        {
            return null;
        }

        _mayAsk = false;
        return await Prompts.FindAsync(_run!.Id, cancellationToken);
    }

    private static bool MayAsk(RunSignal signal) => signal switch
    {
        JournalSignal { Event.Type: JournalEventTypes.QuestionAsked or JournalEventTypes.ApprovalRequested } => true,
        RunStateChanged state => state.Waits.Any(IsForAPerson),
        TreePatched patch => patch.Nodes.Any(static node => node.Run.Waits.Any(IsForAPerson)),
        _ => false,
    };

    private static bool IsForAPerson(RunWaiting wait) => wait.Kind is "question" or "approval";

    private async Task TakeAsync(RunSignal signal, Func<CancellationToken, Task<RunResource>> read,
        CancellationToken cancellationToken)
    {
        _mayAsk |= MayAsk(signal);
        if (_screen.Take(signal) is { } told)
        {
            Show($"{"",20}{told}");
        }

        if (signal is RunStateChanged state)
        {
            _waits = state.Waits;
        }

        if (signal is not JournalSignal { Event: var e })
        {
            return;
        }

        if (RunText.ChangesPlan(e))
        {
            _run = await read(cancellationToken);
        }

        _progress.Apply(e);
        Show(JournalLine.Format(e, _progress.StartedAt ?? e.At));
    }

    private void Show(string line)
    {
        _latest.Enqueue(line);
        if (_latest.Count > Lines)
        {
            _latest.Dequeue();
        }
    }

    private Panel Render()
    {
        var rows = new List<IRenderable>
        {
            new Text(JournalLine.OneLine(_run?.Goal, 200), new Style(decoration: Decoration.Bold)),
            new Text(string.Create(
                CultureInfo.InvariantCulture,
                $"turn {_progress.Turn} · {_progress.Steps} steps · {_progress.Usage.InputTokens + _progress.Usage.OutputTokens:N0} tokens · {Elapsed()}")),
            new Text($"▸ {_progress.CurrentStep}", new Style(Color.Green)),
        };
        rows.AddRange(_waits.Where(static wait => wait.Kind != "approval")
            .Select(wait => new Text(Fit(RunText.WaitLine(WaitingResource.Of(wait))), new Style(Color.Yellow))));
        rows.AddRange(_screen.Lines(Math.Max(20, console.Profile.Width - 4), TextLines).Select(line => new Text(
            line, new Style(decoration: _screen.IsVoid ? Decoration.Strikethrough : Decoration.None))));
        rows.AddRange(Plan().Select(line => new Text(Fit(line))));
        rows.Add(new Rule());
        rows.AddRange(_latest.Select(line => new Text(Fit(line), new Style(decoration: Decoration.Dim))));
        string header = _run is { Rehearsal: true } ? "rehearsal (scripted, no real model)" : _run?.Model ?? "";
        return new Panel(new Rows(rows))
        {
            Header = new PanelHeader(Markup.Escape($" {_run?.Agent} · {header} ")),
            Expand = true
        };
    }

    /// <summary>The part of the plan that is being worked on; all of it would not fit.</summary>
    private IEnumerable<string> Plan()
    {
        IReadOnlyList<PlanItem> plan = _run?.Plan ?? [];
        int current = plan.TakeWhile(item => item.Done).Count();
        return plan.Skip(Math.Clamp(current - 2, 0, Math.Max(0, plan.Count - PlanLines))).Take(PlanLines)
            .Select(item => $"{(item.Done ? '✓' : '·')} {JournalLine.OneLine(item.Text)}");
    }

    /// <summary>The beginning of a line that would break over the panel's edge.</summary>
    private string Fit(string line)
    {
        return Terminal.Fit(line, Math.Max(20, console.Profile.Width - 4));
    }

    private string Elapsed() => JournalLine.Elapsed(
        _progress is { Ended: not null, LastAt: { } end }
            ? end - (_run?.CreatedAt ?? end.UtcDateTime)
            : TimeProvider.System.GetUtcNow() - (_run?.CreatedAt ?? TimeProvider.System.GetUtcNow().UtcDateTime));
}
