// Runs the ONNX files of cases.txt in onnxruntime and compares its answers with those there.
import * as fs from 'node:fs'
import * as ort from 'onnxruntime-web'

ort.env.wasm.numThreads = 1
let compared = 0
for (const one of JSON.parse(fs.readFileSync('cases.txt'))) {
    const session = await ort.InferenceSession.create(fs.readFileSync(one.file))
    const inputs = {
        x: new ort.Tensor('float32', Float32Array.from(one.x), [one.n, one.dim]),
        t: new ort.Tensor('float32', Float32Array.from(one.t), [one.n, 1]),
    }
    if (one.label) inputs.label = new ort.Tensor('int64', BigInt64Array.from(one.label.map(BigInt)), [one.n])
    if (one.condition) {
        inputs.condition = new ort.Tensor('float32', Float32Array.from(one.condition), [one.n, one.condition.length / one.n])
    }
    const outputs = await session.run(inputs)
    for (const [name, answer] of Object.entries(one.answers)) {
        const found = outputs[name].data
        let error = 0, size = 0
        answer.forEach((v, i) => { error = Math.max(error, Math.abs(v - found[i])); size = Math.max(size, Math.abs(v)) })
        if (found.length !== answer.length || !(error < 1e-4 * size)) {
            console.error(`${one.file}: ${name} differs by ${error} of ${size}`)
            process.exit(1)
        }
        compared += found.length
    }
}
console.log(`${compared} numbers agree with onnxruntime`)
