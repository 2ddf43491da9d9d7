using System.Reflection;

namespace AgentFunctions.Tests.Architecture;

/// <summary>
/// No task that all share stays open: whoever waits for it hangs on it, with all that it holds, for as long as the process lives.
/// </summary>
internal sealed class EndlessTaskTests
{
    [Test]
    public void StaticTasks_Always_HaveEnded()
    {
        FieldInfo[] tasks = [.. Directory.EnumerateFiles(AppContext.BaseDirectory, "AgentFunctions*.dll")
            .Where(static file => !Path.GetFileNameWithoutExtension(file).Contains("Test", StringComparison.Ordinal))
            .SelectMany(static file => Assembly.LoadFrom(file).GetTypes())
            .Where(static type => !type.ContainsGenericParameters)
            .SelectMany(static type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(static field => field.FieldType.IsAssignableTo(typeof(Task)))];

        Assert.That(tasks.Where(static field => field.GetValue(null) is Task { IsCompleted: false })
            .Select(static field => $"{field.DeclaringType}.{field.Name}"), Is.Empty);
        Assert.That(tasks, Is.Not.Empty, "there are some that have ended");
    }
}
