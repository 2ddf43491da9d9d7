using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using AgentFunctions.Budgets;
using AgentFunctions.Governance.Policies;

namespace AgentFunctions.Benchmarks.Policy;

/// <summary>What a decision costs under 500 rules of every kind, over a history of 1,000 calls.</summary>
internal static class PolicyBenchmark
{
    private const int Rules = 500;
    private const int Past = 1_000;
    private const int Decisions = 50_000;

    public static int Run()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, Yaml());
        AgentFunctions.Governance.Policies.Policy policy = PolicySource.Load(file, []);
        File.Delete(file);
        ActionContext[] actions = [.. Enumerable.Range(0, 100).Select(Action)];
        for (int i = 0; i < 5_000; i++)
        {
            policy.Decide(actions[i % actions.Length]);
        }

        var took = new double[Decisions];
        for (int i = 0; i < Decisions; i++)
        {
            long start = Stopwatch.GetTimestamp();
            policy.Decide(actions[i % actions.Length]);
            took[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        Array.Sort(took);
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            benchmark = "policy",
            rules = policy.Rules.Count,
            history = Past,
            decisions = Decisions,
            p50Us = Math.Round(took[Decisions / 2], 1),
            p99Us = Math.Round(took[Decisions * 99 / 100], 1),
            maxUs = Math.Round(took[^1], 1),
        }));
        return took[Decisions * 99 / 100] < 1_000 ? 0 : 1;
    }

    /// <summary>None of them matches, so that every decision tests all of them.</summary>
    private static string Yaml()
    {
        var yaml = new StringBuilder("data: [{label: confidential, when: {tool: read_secret}}]\nrules:\n");
        for (int i = 0; i < Rules; i++)
        {
            string when = (i % 7) switch
            {
                0 => $"{{tool: 'tool_{i}_*', effect: notIdempotent}}",
                1 => $"{{arguments: {{path: {{under: 'area{i}'}}, amount: {{above: {1000 + i}}}}}}}",
                2 => $"{{goal: 'project {i}\\b', labels: {{team: 'team{i}'}}}}",
                3 => $"{{hostOutside: ['*.corp.example', 'partner{i}.example'], agent: 'agent{i}'}}",
                4 => $"{{budgetLeft: {{usd: {{below: 0.{i:D3}1}}, steps: {{below: 5}}}}, planStep: 'step {i}*'}}",
                5 => $"{{data: 'label{i}', time: {{days: [sunday], from: '08:00', to: '18:00', zone: Europe/Berlin}}}}",
                _ => $"{{effect: notIdempotent, role: 'role{i}', history: {{call: {{tool: 'tool_{i}', data: confidential}}, within: 1h}}}}",
            };
            // One rule in a hundred goes through the whole history each time.
            when = i % 100 == 99 ? "{effect: notIdempotent, history: {call: {data: confidential}}}" : when;
            yaml.Append(CultureInfo.InvariantCulture, $"  - {{name: rule-{i}, when: {when}, then: ask}}\n");
        }

        return yaml.ToString();
    }

    private static ActionContext Action(int i)
    {
        JsonElement arguments = JsonElement.Parse(
            $$"""{"path":"src/deep/folder/file{{i}}.cs","amount":{{i}},"url":"https://api.corp.example/{{i}}","text":"some words to write"}""");
        DateTimeOffset now = DateTimeOffset.UnixEpoch.AddDays(20_000);
        return new ActionContext
        {
            RunId = "run",
            RootId = "root",
            Requester = "anna",
            RequesterRoles = ["submitter"],
            Agent = "worker",
            Chain = ["lead", "worker"],
            Goal = "Release project 7000 to the customers of the north, with notes.",
            Labels = new Dictionary<string, string> { ["team"] = "payments" },
            Tool = "write_file",
            Effect = ToolEffect.NotIdempotent,
            Risk = RiskLevel.High,
            Arguments = arguments,
            Hosts = HostNames.Of(arguments),
            BudgetLeft = new Budget { Usd = 12.5m, Steps = 300, WallClock = TimeSpan.FromHours(3) },
            PlanStep = "Write the notes",
            History = [.. Enumerable.Range(0, Past).Select(n => new PastCall("run", n, 0, "read_file", ToolEffect.None,
                now.AddSeconds(-n)))],
            Now = now,
        };
    }
}
