using System.CommandLine;
using System.Text.Json;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Monitors;
using AgentFunctions.Cli.Server;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Ticks;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>monitors</c>: list, run, hold and look back on the monitors of a server.</summary>
internal static class MonitorsCommand
{
    public static Command Create()
    {
        Command command = List("monitors", "List the monitors of a server with their totals; or run, hold and look back on one.");
        command.Add(List("list", "The same as without it."));
        command.Add(RunNow());
        command.Add(Change("pause", "Hold a monitor; no tick is made up for."));
        command.Add(Change("resume", "Let a paused monitor look again."));
        command.Add(History());
        return command;
    }

    private static Command List(string name, string description)
    {
        Option<bool> json = Json();
        var server = new ServerOptions();
        var command = new Command(name, description) { json };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            MonitorListResource list = await client.ListMonitorsAsync(cancellationToken);
            if (list.Monitors.Count == 0 && !parsed.GetValue(json))
            {
                Console.WriteLine("no monitors");
            }

            foreach (MonitorView monitor in list.Monitors)
            {
                Console.WriteLine(parsed.GetValue(json) ? JsonSerializer.Serialize(monitor, MonitorJson.Options) : Line(monitor));
                foreach (MonitorTrouble trouble in parsed.GetValue(json) ? [] : monitor.Troubles)
                {
                    string next = trouble.Until is { } until ? $"tried again at {until.UtcDateTime:u}" : "not tried again";
                    string message = JournalLine.OneLine(trouble.Message, 500);
                    Console.WriteLine($"  {trouble.Step} failed {trouble.Failures} time(s), {next}: {message}");
                }
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Command RunNow()
    {
        Argument<string> name = Name();
        var server = new ServerOptions();
        var command = new Command("run-now", "Ask for a tick now, besides those by schedule.") { name };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            TickResource tick = await client.RunMonitorAsync(parsed.GetValue(name)!, cancellationToken);
            Console.WriteLine($"tick {tick.Id} requested");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Change(string action, string description)
    {
        Argument<string> name = Name();
        var server = new ServerOptions();
        var command = new Command(action, description) { name };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            Console.WriteLine(Line(await client.ChangeMonitorAsync(parsed.GetValue(name)!, action, cancellationToken)));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command History()
    {
        Argument<string> name = Name();
        var limit = new Option<int>("--limit")
        {
            Description = "The most ticks: 1 to 1,000.",
            DefaultValueFactory = static _ => 50
        };
        Option<bool> json = Json();
        var server = new ServerOptions();
        var command = new Command("history", "List the latest ticks of a monitor, newest first.") { name, limit, json };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            TickListResource list = await client.ListTicksAsync(parsed.GetValue(name)!, parsed.GetValue(limit),
                cancellationToken);
            if (list.Ticks.Count == 0 && !parsed.GetValue(json))
            {
                Console.WriteLine("no ticks");
            }

            foreach (TickRecord tick in list.Ticks)
            {
                Console.WriteLine(parsed.GetValue(json) ? JsonSerializer.Serialize(tick, MonitorJson.Options) : Line(tick));
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Argument<string> Name() => new("name") { Description = "The monitor." };

    private static Option<bool> Json() => new("--json") { Description = "Write one JSON object a line." };

    private static string Line(MonitorView monitor)
    {
        string next = monitor.PausedAt is not null ? "paused"
            : monitor.NextDue is { } due ? $"next {due.UtcDateTime:u}"
            : "no further tick";
        TickTotals totals = monitor.Totals;
        return $"{monitor.Definition.Name,-24}  {next,-26}  {totals.Ran} ticks, {totals.Spared} without a model, {totals.Woke} woke an agent, "
            + $"{totals.Skipped} skipped, {monitor.OpenIncidents.Count} open incidents";
    }

    private static string Line(TickRecord tick)
    {
        string text = string.Join(
            "  ",
            new[] { tick.Count is { } count ? $"{count} ticks" : null, tick.Note, tick.Run is { } run
                ? $"woke run {run}"
                : null }.OfType<string>());
        return $"{tick.Due.UtcDateTime:u}  {CamelCase.Of(tick.Outcome),-8}  {JournalLine.OneLine(text, 160)}";
    }
}
