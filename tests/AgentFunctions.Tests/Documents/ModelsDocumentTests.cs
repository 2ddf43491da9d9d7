using System.Reflection;
using System.Text.RegularExpressions;

namespace AgentFunctions.Tests.Documents;

/// <summary>The table of accents in docs/models.md names tests that exist, and every family.</summary>
public sealed partial class ModelsDocumentTests
{
    private static readonly string[] Families =
    [
        "OpenAI", "Azure", "Moonshot", "DeepSeek", "Mistral", "Gemini", "xAI", "OpenRouter", "vLLM", "llama.cpp", "Ollama",
        "LM Studio", "TGI",
        "SGLang", "LocalAI", "Bedrock", "Groq",
    ];

    [Test]
    public void Accents_EachRow_NamesATest()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "docs", "models.md")))
        {
            folder = folder.Parent;
        }

        HashSet<string> tests = [.. typeof(ModelsDocumentTests).Assembly.GetTypes()
            .SelectMany(static type => type.GetMethods())
            .Where(static method => method.GetCustomAttributes()
                .Any(static attribute => attribute is TestAttribute or TestCaseAttribute))
            .Select(static method => method.Name)];
        (string Family, string Test)[] rows = [.. File.ReadLines(Path.Combine(folder!.FullName, "docs", "models.md"))
            .Select(static line => Row().Match(line)).Where(static match => match.Success)
            .Select(static match => (match.Groups[1].Value, match.Groups[2].Value))];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(rows.Select(static row => row.Family).Distinct(), Is.EquivalentTo(Families));
            Assert.That(rows.Select(static row => row.Test).Where(test => !tests.Contains(test)), Is.Empty);
        }
    }

    [GeneratedRegex(@"^\| ([^|]+?) \| [^|]+ \| [^|]+ \| `(\w+)` \|$")]
    private static partial Regex Row();
}
