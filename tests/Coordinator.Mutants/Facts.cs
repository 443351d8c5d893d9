using System.Reflection;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Coordinator.Mutants;

/// <summary>
/// Runs the domain's unit tests inside this process: a thousand mutants times a test host's start would be hours. It knows facts and theories, and nothing of fixtures; the tests
/// that it runs have none.
/// </summary>
public static class Facts
{
    /// <summary>Approved decisions come last: they notice any change, and say nothing of what is wrong with it.</summary>
    private static readonly (MethodInfo Method, object?[] Arguments)[] s_cases =
        [.. Find().OrderBy(found => found.Method.DeclaringType!.Name.EndsWith("Approved", StringComparison.Ordinal))];

    public static int Count => s_cases.Length;

    /// <returns>Null when all pass, else which does not.</returns>
    public static string? FirstFailure()
    {
        foreach ((MethodInfo method, object?[] arguments) in s_cases)
        {
            object? instance = method.IsStatic ? null : Activator.CreateInstance(method.DeclaringType!);
            try
            {
                method.Invoke(instance, arguments);
            }
            catch (TargetInvocationException e)
            {
                return $"{method.DeclaringType!.Name}.{method.Name}: {e.InnerException!.GetType().Name}";
            }
            finally
            {
                (instance as IDisposable)?.Dispose();
            }
        }

        return null;
    }

    private static IEnumerable<(MethodInfo Method, object?[] Arguments)> Find()
    {
        foreach (Type type in Assembly.Load("Coordinator.Domain.Tests").GetTypes())
        {
            bool isOfDecisions = type.Namespace is { } name && (name.EndsWith(".Handoff", StringComparison.Ordinal) || name.EndsWith(".Migration", StringComparison.Ordinal));
            if (!isOfDecisions || type.IsAbstract || !type.IsPublic || type.GetConstructor([]) is null)
            {
                continue;
            }

            foreach (MethodInfo method in type.GetMethods())
            {
                if (method.GetCustomAttribute<FactAttribute>() is null || method.ReturnType != typeof(void))
                {
                    continue;
                }

                DataAttribute[] data = method.GetCustomAttributes<DataAttribute>().ToArray();
                foreach (object?[] arguments in data.Length == 0 ? [[]] : data.SelectMany(d => d.GetData(method)))
                {
                    yield return (method, arguments);
                }
            }
        }
    }
}
