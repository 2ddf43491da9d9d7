using System.CommandLine;
using System.Text.Json;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Monitors;
using AgentFunctions.Cli.Server;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Views;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>incidents</c>: list, show, take up and end the incidents of a server.</summary>
internal static class IncidentsCommand
{
    public static Command Create()
    {
        var state = new Option<string?>("--state") { Description = "Only incidents in this state.", HelpName = "STATE" };
        state.AcceptOnlyFromAmong([.. Enum.GetValues<IncidentState>().Select(CamelCase.Of)]);
        var monitor = new Option<string?>("--monitor") { Description = "Only incidents of this monitor.", HelpName = "NAME" };
        var limit = new Option<int>("--limit")
        {
            Description = "The most incidents: 1 to 200.",
            DefaultValueFactory = static _ => 50
        };
        var json = new Option<bool>("--json") { Description = "Write one JSON object a line." };
        var server = new ServerOptions();
        var command = new Command("incidents", "List the incidents of a server: the open ones first, then the newest.")
        {
            state, monitor, limit, json, Show(),
            Change("acknowledge", "Acknowledge an incident, which ends its escalation."),
            Change("resolve", "End an incident; where its signals are still in breach, the next tick opens it again."),
        };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            string query = $"limit={parsed.GetValue(limit)}"
                + (parsed.GetValue(state) is { } wanted ? $"&state={wanted}" : "")
                + (parsed.GetValue(monitor) is { } name ? $"&monitor={Uri.EscapeDataString(name)}" : "");
            IncidentListResource list = await client.ListIncidentsAsync(query, cancellationToken);
            if (list.Incidents.Count == 0 && !parsed.GetValue(json))
            {
                Console.WriteLine("no incidents");
            }

            foreach (Incident incident in list.Incidents)
            {
                Console.WriteLine(parsed.GetValue(json)
                    ? JsonSerializer.Serialize(incident, MonitorJson.Options)
                    : Line(incident));
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Command Show()
    {
        var id = new Argument<string>("id") { Description = "The incident." };
        var server = new ServerOptions();
        var command = new Command("show", "Show an incident with its timeline.") { id };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            Incident incident = await client.GetIncidentAsync(parsed.GetValue(id)!, cancellationToken);
            Console.WriteLine(Line(incident));
            foreach (IncidentEntry entry in incident.Timeline)
            {
                Console.WriteLine($"  {entry.At.UtcDateTime:u}  {CamelCase.Of(entry.Kind),-18}  {entry.By}: {JournalLine.OneLine(entry.Text, 200)}");
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Command Change(string action, string description)
    {
        var id = new Argument<string>("id") { Description = "The incident." };
        var comment = new Option<string?>("--comment") { Description = "A remark for the timeline.", HelpName = "TEXT" };
        var server = new ServerOptions();
        var command = new Command(action, description) { id, comment };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            Console.WriteLine(Line(await client.ChangeIncidentAsync(
                parsed.GetValue(id)!, action, parsed.GetValue(comment), cancellationToken)));
            return ExitCode.Done;
        });
        return command;
    }

    private static string Line(Incident incident)
    {
        string end = incident.EndedAt is { } ended ? $" to {ended.UtcDateTime:u}" : "";
        return $"{incident.Id}  P{incident.Priority} {CamelCase.Of(incident.State)}  {incident.StartedAt.UtcDateTime:u}{end}  "
            + JournalLine.OneLine(incident.Title, 120);
    }
}
