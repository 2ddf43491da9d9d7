using System.Globalization;

namespace AgentFunctions.Benchmarks.Engine;

/// <summary>What to measure, and where.</summary>
/// <param name="IsInMemory">Whether nothing goes to disk.</param>
/// <param name="Directory">Where the data files go; it is emptied afterwards.</param>
/// <param name="Parked">How many runs wait on a timer.</param>
internal sealed record EngineArguments(bool IsInMemory, string Directory, int Parked)
{
    public static EngineArguments Parse(string[] args)
    {
        var parsed = new EngineArguments(false, Path.GetTempPath(), 100_000);
        for (int index = 0; index < args.Length; index++)
        {
            parsed = args[index] switch
            {
                "--memory" => parsed with { IsInMemory = true },
                "--data" => parsed with { Directory = args[++index] },
                "--parked" => parsed with { Parked = int.Parse(args[++index], CultureInfo.InvariantCulture) },
                string unknown => throw new ArgumentException($"Unknown argument '{unknown}'.", nameof(args)),
            };
        }

        return parsed;
    }
}
