using System.Globalization;

namespace AgentFunctions.Benchmarks.Swarm;

/// <summary>What to measure.</summary>
internal sealed record SwarmArguments
{
    /// <summary>How many sub-agents.</summary>
    public int Children { get; init; } = 300;

    /// <summary>How many turns with a tool call each sub-agent takes before it answers.</summary>
    public int Turns { get; init; } = 6;

    /// <summary>How long the model takes for an answer, in milliseconds.</summary>
    public int Latency { get; init; }

    /// <summary>How many model calls may be in flight.</summary>
    public int Concurrent { get; init; } = 64;

    /// <summary>Whether answers are streamed.</summary>
    public bool Stream { get; init; }

    /// <summary>
    /// How often the swarm runs before it counts, with a model that answers at once: the runtime compiles what is used often
    /// a second time, in the background, and a host that has been up for a while is through with that.
    /// </summary>
    public int WarmUps { get; init; } = 60;

    /// <summary>How often it runs then; the figures are those of the run in the middle.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>Where the data files go.</summary>
    public string Directory { get; init; } = Path.GetTempPath();

    /// <summary>Whether to write JSON alone.</summary>
    public bool Json { get; init; }

    /// <summary>The steps of one sub-agent.</summary>
    public int ChildSteps => (2 * Turns) + 1;

    public static SwarmArguments Parse(string[] args)
    {
        var parsed = new SwarmArguments();
        for (int index = 0; index < args.Length; index++)
        {
            parsed = args[index] switch
            {
                "--children" => parsed with { Children = Number(args[++index]) },
                "--turns" => parsed with { Turns = Number(args[++index]) },
                "--latency" => parsed with { Latency = Number(args[++index]) },
                "--concurrent" => parsed with { Concurrent = Number(args[++index]) },
                "--warm-ups" => parsed with { WarmUps = Number(args[++index]) },
                "--rounds" => parsed with { Rounds = Number(args[++index]) },
                "--stream" => parsed with { Stream = true },
                "--data" => parsed with { Directory = args[++index] },
                "--json" => parsed with { Json = true },
                string unknown => throw new ArgumentException($"Unknown argument '{unknown}'.", nameof(args)),
            };
        }

        return parsed;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
